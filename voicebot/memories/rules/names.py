"""What looks like a name after “I'm” or “call me” and is none, in English."""

_NO_NAMES = """
    a about absolutely afraid after all almost alone also always american an and angry another any at back
    because before bored british busy but by chinese cold coming crying curious done down dying early english
    excited exhausted feeling fine for free french from full german getting glad god going gonna good
    half happy having he hello her here hey his home hoping hot how hungry i if in indian interested
    italian japanese just late later leaving let listening living looking lost lucky mad making maybe
    married me miserable my nervous never new no not now of off ok okay old on one only our out over perfect
    pretty proud quite ready really retired russian sad safe scared she sick single so some sorry spanish
    still stuck studying sure talking that the their there they thinking this tired to today tomorrow tonight
    too trying unhappy up used very visiting waiting we well what when where why with working worried wrong
    yes you young your
"""
NO_NAMES = frozenset(_NO_NAMES.split())
