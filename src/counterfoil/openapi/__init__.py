"""OpenAPI documents: reading them, and one view of their operations, with references resolved.

``load`` reads the document of an API that comes along or is installed: OpenAPI 3.0, checked, or an error. ``read_document``
reads any document of a user's own: Swagger 2.0 or OpenAPI 3.x, valid or not; what it cannot understand becomes a notice.
"""

from counterfoil.openapi.loading import check as check
from counterfoil.openapi.loading import from_document as from_document
from counterfoil.openapi.loading import load as load
from counterfoil.openapi.loading import write_parsed as write_parsed
from counterfoil.openapi.own_document import read_document as read_document
from counterfoil.openapi.own_document import served_name as served_name
from counterfoil.openapi.parsing import parse as parse
from counterfoil.openapi.parsing import parse_with_lines as parse_with_lines
from counterfoil.openapi.references import resolve as resolve
from counterfoil.openapi.references import target_of as target_of
from counterfoil.openapi.spec import METHODS as METHODS
from counterfoil.openapi.spec import Notice as Notice
from counterfoil.openapi.spec import SchemaDialect as SchemaDialect
from counterfoil.openapi.spec import Spec as Spec
from counterfoil.openapi.spec import SpecError as SpecError
