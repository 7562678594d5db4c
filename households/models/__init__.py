from .history import Amendment
from .imports import RegisterImport
from .keys import SearchKey
from .people import Contact, Household, Ownership, Person, Resident, Vehicle
from .places import Building, Unit, UnitArea

__all__ = ["Amendment", "Building", "Contact", "Household", "Ownership", "Person", "RegisterImport", "Resident", "SearchKey", "Unit",
           "UnitArea", "Vehicle"]
