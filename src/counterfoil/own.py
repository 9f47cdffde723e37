"""What a handlers file imports: ``from counterfoil.own import handler, Request, Store, Answer, Refusal``."""

from counterfoil.api import Request as Request
from counterfoil.apis.generic.user_handlers import Answer as Answer
from counterfoil.apis.generic.user_handlers import Members as Members
from counterfoil.apis.generic.user_handlers import Refusal as Refusal
from counterfoil.apis.generic.user_handlers import Resource as Resource
from counterfoil.apis.generic.user_handlers import Store as Store
from counterfoil.apis.generic.user_handlers import handler as handler
