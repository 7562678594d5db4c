from .agents import AuthorisationLetter, LetterCall, LetterUse, Matter
from .handing import HandoverReading, OwnerChange, TakenOver
from .history import Amendment
from .imports import KnownLayout, RegisterImport
from .keys import SearchKey
from .living import Pet, SpecialCare, StandingInstruction, UnitUse
from .people import Contact, Household, Ownership, Person, Resident, Vehicle
from .places import Building, Unit, UnitArea

__all__ = ["Amendment", "AuthorisationLetter", "Building", "Contact", "HandoverReading", "Household", "KnownLayout", "LetterCall", "LetterUse", "Matter",
           "OwnerChange", "Ownership", "Person", "Pet", "RegisterImport", "Resident", "SearchKey", "SpecialCare", "StandingInstruction",
           "TakenOver", "Unit", "UnitArea", "UnitUse", "Vehicle"]
