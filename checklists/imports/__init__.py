"""Outlets and inspectors from an uploaded CSV: what its lines say, what they would change, and the change itself."""

from checklists.imports.csv_table import FORMULA_STARTS, MOST_BYTES, MOST_LINES, CsvTable, Line
from checklists.imports.inspectors import (
    MOST_NEW_LOGINS,
    InspectorLine,
    import_inspectors,
    inspector_lines,
    inspector_table,
)
from checklists.imports.inspectors import TITLES as INSPECTOR_TITLES
from checklists.imports.outlets import (
    ATTRIBUTE,
    OutletLine,
    default_time_zone,
    import_outlets,
    outlet_lines,
    outlet_table,
)
from checklists.imports.outlets import TITLES as OUTLET_TITLES
from checklists.imports.tables import (
    PHONE_FILE,
    Effect,
    Import,
    ImportKind,
    ImportLine,
    Preview,
    finish,
    finish_phone_file,
    forget_unconfirmed,
    keep_upload,
    phone_file,
    preview_of,
    refuse_wrong,
    table_kind,
    take_up,
)

__all__ = [
    "ATTRIBUTE",
    "FORMULA_STARTS",
    "INSPECTOR_TITLES",
    "MOST_BYTES",
    "MOST_LINES",
    "MOST_NEW_LOGINS",
    "OUTLET_TITLES",
    "PHONE_FILE",
    "CsvTable",
    "Effect",
    "Import",
    "ImportKind",
    "ImportLine",
    "InspectorLine",
    "Line",
    "OutletLine",
    "Preview",
    "default_time_zone",
    "finish",
    "finish_phone_file",
    "forget_unconfirmed",
    "import_inspectors",
    "import_outlets",
    "inspector_lines",
    "inspector_table",
    "keep_upload",
    "outlet_lines",
    "outlet_table",
    "phone_file",
    "preview_of",
    "refuse_wrong",
    "table_kind",
    "take_up",
]
