"""The words that the made-up company's rows are built from; no code.

A word that stands several times in a tuple is drawn that much more often.
"""

# ruff: noqa: SIM905 - words in running text read better than a column of literals

from __future__ import annotations

FIRST_NAMES = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William "
    "Barbara Richard Susan Joseph Jessica Thomas Karen Charles Sarah Daniel Nancy "
    "Matthew Lisa Anthony Betty Mark Sandra Paul Ashley Steven Emily Andrew Donna "
    "Kenneth Michelle Joshua Carol Kevin Amanda Brian Melissa George Deborah Timothy "
    "Stephanie Ronald Rebecca José María Luis Sofía Chloë Zoë André Renée Wei Mei "
    "Priya Arjun Fatima Omar Nguyen Linh Olga Dmitri Aisha Kwame Ingrid Björn"
).split()

LAST_NAMES = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez "
    "Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee "
    "Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young "
    "Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall "
    "Rivera Campbell Mitchell Carter Roberts O'Brien Núñez Peña Müller Lindqvist "
    "Johansson Larson Olson Peterson Swanson Kowalski Novak Patel Shah Kim Chen Wu"
).split()

STREETS = (
    "Maple Oak Cedar Pine Elm Washington Lake Hill Park Main Church Highland Willow "
    "Sunset Birch Lincoln Jackson Franklin River Meadow Prairie Summit Ridge Orchard"
).split()
STREET_KINDS = ("St", "St", "Ave", "Ave", "Rd", "Dr", "Ln", "Ct", "Blvd", "Way")
SECOND_LINES = ("Apt 2B", "Unit 4", "Suite 210", "Apt 11", "Unit B", "# 3")

CITIES = (
    # city, state, the first three digits of the ZIP code, latitude, longitude
    ("Minneapolis", "MN", "554", 44.9778, -93.265),
    ("Saint Paul", "MN", "551", 44.9537, -93.09),
    ("Bloomington", "MN", "554", 44.8408, -93.2983),
    ("Eden Prairie", "MN", "553", 44.8547, -93.4708),
    ("Rochester", "MN", "559", 44.0121, -92.4802),
    ("Duluth", "MN", "558", 46.7867, -92.1005),
    ("Madison", "WI", "537", 43.0731, -89.4012),
    ("Milwaukee", "WI", "532", 43.0389, -87.9065),
    ("Eau Claire", "WI", "547", 44.8113, -91.4985),
    ("Des Moines", "IA", "503", 41.5868, -93.625),
    ("Cedar Rapids", "IA", "524", 41.9779, -91.6656),
    ("Fargo", "ND", "581", 46.8772, -96.7898),
    ("Sioux Falls", "SD", "571", 43.5446, -96.7311),
    ("Omaha", "NE", "681", 41.2565, -95.9345),
)
AREA_CODES = ("612", "651", "952", "763", "507", "608", "414", "715", "515", "701")
MAIL_HOSTS = ("example.com", "example.com", "example.org", "example.net")

COMPANY_KINDS = (
    "Property Management, Dental, Realty, Bakery, Apartments, Law Office, Auto Repair, "
    "Veterinary Clinic"
).split(", ")

SERVICES = (
    "Window Cleaning, Window Cleaning, Window Cleaning, Gutter Cleaning, Pressure "
    "Washing, Roof Inspection, Roof Replacement, Lawn Care, Lawn Care, Snow Removal, "
    "Holiday Lights"
).split(", ")
SOURCES = (
    "Website, Website, Website, Referral, Referral, Door to Door, Door to Door, Google "
    "Ads, Facebook, Yard Sign, Home Show"
).split(", ")
STAGES = (
    "New, New, New, Contacted, Contacted, Contacted, Quoted, Quoted, Follow Up, Won, Won, "
    "Won, Lost, Lost, Lost, Lost"
).split(", ")
NEXT_STAGES = {
    "New": ("Contacted", "Contacted", "Lost"),
    "Contacted": ("Quoted", "Quoted", "Follow Up", "Lost"),
    "Quoted": ("Won", "Follow Up", "Lost"),
    "Follow Up": ("Quoted", "Won", "Lost"),
    "Won": ("Won",),
    "Lost": ("Lost", "Contacted"),
}
PRIORITIES = ("low", "medium", "medium", "high", None)
TAG_LISTS: tuple[list[str], ...] = (
    [],
    [],
    [],
    ["residential"],
    ["residential"],
    ["residential"],
    ["commercial"],
    ["residential", "two-story"],
    ["residential", "vip"],
    ["hoa", "residential"],
    ["commercial", "net-30"],
    ["spring", "residential", "two-story"],
)

NOTES = (
    "Prefers a call after 5 pm.",
    "Dog in the back yard, please close the gate.",
    "Wants a quote for inside and outside.",
    "Second story needs the long ladder.",
    "Asked about a discount for seniors.",
    "Neighbor of an existing customer.",
    "Storm damage on the north side; insurance claim is open.",
    "Left a voicemail.",
    "Spoke with the owner, decision by the end of the month.",
    "Gate code 4411.",
    "Compares three offers.\nWill decide by price and by how soon we can come.",
    "Said: “call me in spring”.",
    "Screens are to be taken off and washed.",
    "Hard water stains on the west windows.",
)

PIN_TYPES = (
    ("#9E9E9E", "Not Home"),
    ("#F44336", "Not Interested"),
    ("#FF9800", "Come Back"),
    ("#2196F3", "Interested"),
    ("#4CAF50", "Sold"),
    ("#000000", "Do Not Knock"),
)

# Frequency (the ten of the documentation's enum) and visits a year.
FREQUENCIES = (
    ("One-Time", 1),
    ("One-Time", 1),
    ("Annual", 1),
    ("Semi-Annual", 2),
    ("Semi-Annual", 2),
    ("Tri-Annual", 3),
    ("Quarterly", 4),
    ("Quarterly", 4),
    ("Bi-Monthly", 6),
    ("Monthly", 12),
    ("Bi-Weekly", 26),
    ("Weekly", 52),
    ("Custom", 5),
)
