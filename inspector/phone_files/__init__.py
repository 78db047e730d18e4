"""Work that only a phone had, as the file that its inspector saved (inspector/phone/unsent.js): read with care, and
taken in by a manager in the inspector's name, by the same intake that phones deliver to.
"""
