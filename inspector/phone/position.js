/** Where the phone is, if the person allows it. */

const PATIENCE_MS = 20_000;
const DAY_MS = 86_400_000;

/** {lat, lon, accuracy_m, at}, or null: indoors and without permission there is none, and nobody waits for it. */
export function whereWeAre() {
  if (!navigator.geolocation) return Promise.resolve(null);
  return new Promise((tell) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) => tell({
        lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy),
        // Some phones tell a time of their own invention.
        at: new Date(Math.abs(timestamp - Date.now()) < DAY_MS ? timestamp : Date.now()).toISOString(),
      }),
      () => tell(null),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: PATIENCE_MS },
    );
  });
}
