"""The kind of identifier that a column's header announces, read by its words.

A header is cut into words: at capitals and marks, glued words, a letter before a word. Each word
has classes (English, German, French, Spanish; what begins a known word stands for it), and classes
close to each other decide: a person and "name", "birth" and a date, a kind of file and a number.
So a header nobody listed is known, in whatever order its words are.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from analysis.intake.text import words_of

_CLASSES = {
    "person": """
        patient pt pat pac subject participant client person people member mbr subscriber
        guarantor insured policyholder contact relative mother father parent guardian spouse
        husband wife partner child sibling caregiver carer provider prov beneficiary recipient
        respondent user customer cust household proxy witness responsible emergency ec em p u
        your subscr paciente persona madre padre tutor conyuge familiar contacto responsable
        titular asegurado beneficiario cuidador usuario representante emergencia personne mere
        pere tuteur tutrice conjoint epoux epouse mom mum dad assure beneficiaire aidant urgence
        versicherter versicherten angehorige bezugsperson betreuer vormund ehepartner mutter
        vater eltern kontakt notfall erziehungsberechtigten physician doctor dr md clinician
        therapist nurse practitioner surgeon attending pcp gp consultant investigator inv
        prescriber medecin praticien medico medica arzt arztin hausarzt employer arbeitgeber
        employeur empleador profile student pupil subj""",
    "doctor": """
        physician doctor dr md practitioner provider medecin medico arzt contact contacto kontakt
        persona personne person""",
    "refer": """
        family general treating referring referred attending primary usual pcp gp traitant
        cabecera emergency uberweisender einweisender behandelnder contact contacto urgence
        emergencia confiance prevenir contacter referent responsable adresseur zuweisender ref""",
    "who": """
        nok gp pcp employer arbeitgeber employeur empleador hausarzt zuweiser uberweiser
        ansprechpartner kontaktperson notfallkontakt""",
    "name": "name nm nam nom nombre naam nome namen",
    "own": """
        fname lname mname fnm lnm minit surname forename vorname nachname zuname rufname prenom
        patronyme apellido nickname alias aka initials initiales madchenname achternaam cognome
        sobrenome paterno materno nok""",
    "part": """
        first last middle given family full legal preferred nick maiden sur fore christian former
        other birth geburts familien fruherer primer segundo completo complet usuel usage marital
        jeune fille epouse title titel naissance patronymique phonetic kana formatted ap am gb
        geb""",
    "init": "initial init",
    "image": "image picture",
    "birth": """
        birth brth geburt geburts geb gb naissance nacimiento nac born geboren nascita nascimento
        naiss naci""",
    "born": "dob ddn birthday bday bdate birthdate geburtstag geboortedatum",
    "day": "date day month dt dtc dat datum tag time datetime tm fecha fec f data",
    "number": """
        no nr num nro nbr nb number nummer numero n id identifier identification identificacion
        key identifikation""",
    "file": """
        chart dossier expediente historia akte kartei karte karten card carte tarjeta policy
        poliza kv insurance insur versicherung versicherten kassen vers member membership
        subscriber subscr beneficiary adherent allocataire afiliado afiliacion assure assurance
        asegurado mutuelle medicare medicaid claim accession aufnahme fall sejour health nhif
        device implant serial pacemaker prescription rx certificate employee mother father
        outpatient inpatient ip ipd op opd mem mitglied bank police mitglieds akten""",
    "folder": "record medical hospital hosp unit reg regn registration admission med ur pas",
    "state": """
        social soc security sec secu securite seguridad sozial renten ss sv ni national identity
        identite identidad citizen personal tax taxpayer steuer license licence licencia driver
        drivers driving passport passeport pasaporte ausweis plate vehicle document documento doc
        codice perso tin lizenz piece""",
    "card": """
        card carte karte tarjeta security sec secu securite seguridad license licence licencia
        plate identity identite identidad ausweis sanitaria vitale clinica fiscale""",
    "account": "account acct acc konto compte cuenta",
    "acronym": """
        pnr mrn mrno umrn nhc nuhsa ohip ramq empi kvnr egk ipp uhid ihi mbi iban login username
        matricule aktenzeichen puid csn""",
    "maybe": """
        nss nin hin hic har fin nda nip iep chi tsi ins crn urn hc cip mr hn cc dl ni nhs vin
        documento drivers uid pid dmv ss doc""",
    "phone": """
        phone telephone tel telefon telefono telf tlf tfno fax pager gsm whatsapp telecom
        rufnummer natel ph""",
    "mobile": "mobile mob cell mobil portable fixe wireless movil handy celular",
    "email": "email mail courriel correo mel smtp",
    "net": "url website homepage facebook linkedin instagram twitter skype telegram",
    "place": """
        address add adr adresse adresa direccion domicilio domicile anschrift street strasse zip
        postcode postcd postal postleitzahl plz pstlz pincode city town suburb village county
        ville commune ciudad localidad municipio wohnort stadt calle rue hausnummer postfach
        latitude longitude gps apartment colonia barrio quartier borough parish vialidad
        indirizzo endereco neighborhood neighbourhood addr stras""",
    "spot": "ort lat lon lng cp str poblacion pin post cod",
    "where": "ort place lieu lugar",
    "house": "house haus",
    "picture": """
        photo photograph selfie avatar portrait foto lichtbild mugshot fingerprint signature
        unterschrift voiceprint""",
    "fact": """
        type typ tipo status stand flag yn verified validated confirmed valid estimated consent
        sent opt permission pref preference reminder call llamada visit consultation consult
        interview appointment encounter follow fu made done completed count has is app problem
        reviewed updated returned survey changed realizada erfolgt contacted specialty specialite
        especialidad relationship relation score plan year yr jahr annee ano yob taken obtained
        paid vs use hours verifie geandert weight control order reasons""",
    "thing": """
        drug medication medicine medikament medicament farmaco medicamento product brand generic
        test scale instrument form file event infusion perfusion dose dosis procedure program
        protocol study project concept gene site clinic klinik clinique clinica hospital facility
        center centre centro zentrum organisation organization company department trust ward
        practice praxis school diagnosis dx condition pain schmerz dolor douleur surgery
        treatment traitement unit system salud injury skala voyage cancer tumor disorder marker
        parameter filter sensor factor cluster layer folder header descriptor indicator trigger
        server register vendor manufacturer supplier color error monitor scanner container
        tracker answer paper catheter""",
    "noise": """
        txt text str val value filename acte kranken dem demo demog pii phi attribute row long
        short home work privat business office secondary alt alternate best reach current
        residential mailing code cd direct list ide source location local path image temp tmp hm
        enter provide please data""",
    "stop": """
        of the de la le du des d l del der die das den dem al a an at as on am in im to y et und
        and or s e sie bitte ein est es cual quelle what is who geben by for su ihr ihre ihren
        votre vos""",
    "national": """
        ssn nino nir nuss nass ahv ahvn avs dni nie nif curp rfc rut cuil cuit cedula cpf pesel
        nric cnic aadhar aadhaar bsn passport passeport pasaporte reisepass personnummer pps ppsn
        fuhrerschein kennzeichen""",
    "numeral": "no nr num nro nbr nb number nummer numero n",
    "reach": "contact kontakt contacto emergency notfall emergencia urgence",
    "ends": "first last middle maiden ap",
    "ident": "identifier",
    "several": "list value source local",
    "ip": "ip",
    "ask": "your my enter provide ihr ihre ihren votre su",
    "sentence": """
        what who which how when where why is are do does did have has can would will you us we
        bitte wie was welche konnen haben sind quel quelle avez etes cual cuanto tiene puede""",
    "short": "nr no nm dt id pt cd gb ip ph of",
    "region": "state region",
}
"""Words by what they can mean in a header, without accents; a word may have several classes."""

_OF: dict[str, frozenset[str]] = {}
for _class, _words in _CLASSES.items():
    for _word in _words.split():
        _OF[_word] = _OF.get(_word, frozenset()) | {_class}

_OF_PERSON = {"name", "own", "part", "init", "phone", "mobile", "email", "place", "birth", "born"}
"""Classes of which one must be in a word that begins with a single letter: "lname"."""

_PHRASES = (
    (r"\b(?:d ?o b|b d(?:ate|ay)|ne (?:e )?le|nee le)\b", "dob"),
    (r"(?<=\be) (?=mails?\b|gk\b)|(?<=\bwhats) (?=app\b)", ""),
    (r"\bp ?o box\b", "postfach"),
    (r"\bnext ?of ?kin\b", "nok"),
    (r"\b(?:also )?known as\b", "alias"),
    (r"\b(?:voice|video|audio) recording\b", "photo"),
    (r"\bmiddle i\b|\b[fl] init\w*", "middle initial"),
    (r"^[a-z] (?=names?\b|nm\b)", "first "),
    (r"\bsource value\b", "source identifier"),
)
"""Words that mean something only together, and what stands for them."""

_RULES = (
    ("street address", "birth~place birth~where", ""),
    ("date of birth", "born birth~day =birth", ""),
    ("internet address", "ip~place =ip", ""),
    ("social security number", "national state~number state~card", ""),
    (
        "record number",
        "acronym =maybe file~number file~card folder~numeral =ident&ident~several",
        "",
    ),
    ("account number", "account~number account-person", ""),
    ("email address", "email", "thing"),
    ("internet address", "net", "thing"),
    ("photograph or signature", "picture image-person", "thing"),
    ("phone number", "phone =mobile reach-numeral", "thing"),
    ("street address", "place =spot house-numeral", "thing"),
    ("name", "name-person own-person init-person init-part =ends&!reach", ""),
    (
        "name",
        "own name~person name~agent maybe-agent name~part =name who&!number refer-doctor",
        "thing",
    ),
)
"""A kind, alternatives of which one must hold, and a class that must be absent.

``a`` is a word of this class, ``!a`` none, ``a-b`` and ``a~b`` are words of two classes next to
each other or with one between, ``=a`` is a word of this class beside which nothing has weight.
"""


_OF_WHO_ACTS = ("er", "or", "eur", "trice", "ist", "ista", "iste", "ian", "ante", "ee")
"""Endings of words for who does a thing (rater, createur, acompanante), known or not."""


@cache
def _classes(word: str) -> frozenset[str]:
    """Return the classes of a word; none for one that is not known in any form."""
    stems = [word, *(word.removesuffix(end) for end in ("s", "n", "r", "a", "e", "es", "en"))]
    for stem in stems:
        if stem in _OF and (len(stem) > 3 or stem == word):
            return _OF[stem]
    if len(word) == 1:
        return _OF["text"]
    begun = [_OF[w] for w in _OF if w.startswith(word) and 3 < len(word) < len(w) - 1]
    said = frozenset.intersection(*begun) if begun else frozenset()
    if said := said & {"person", "own", "birth", "phone", "place", "number"}:
        return said
    return frozenset(("agent",) if len(word) > 4 and word.endswith(_OF_WHO_ACTS) else ())


@cache
def _cut(word: str) -> tuple[str, ...]:
    """Return the known words glued together in one ("patientssn", "lname"); else the word."""
    if _classes(word) - {"agent"} or not 4 <= len(word) <= 40:
        return (word,)
    best: dict[int, tuple[str, ...]] = {0: (), 1: (word[0],)}
    for end in range(2, len(word) + 1):
        for start in range(max(0, end - 16), end):
            piece = word[start:end]
            known = piece in _OF and (len(piece) > 2 or "short" in _OF[piece])
            joint = piece in ("s", "n", "en", "es") and start > 2 and end < len(word)
            if start in best and (known or joint):
                cut = best[start] if joint else (*best[start], piece)
                if end not in best or len(cut) < len(best[end]):
                    best[end] = cut
    cut = best.get(len(word), (word,))
    return cut if len(cut[0]) > 1 or any(_OF[p] & _OF_PERSON for p in cut[1:]) else (word,)


def _holds(term: str, found: list[frozenset[str]]) -> bool:
    """Whether the classes of a header's words are what a term of a rule asks for."""
    if "&" in term:
        return all(_holds(part, found) for part in term.split("&"))
    if term[0] == "!":
        return not _holds(term[1:], found)
    if term[0] == "=":
        light = {term[1:], "noise", "number", "person"}
        return _holds(term[1:], found) and not any(classes.isdisjoint(light) for classes in found)
    for mark, furthest in (("-", 1), ("~", 2)):
        one, _, other = term.partition(mark)
        if other:
            return any(
                one in a and other in b and 0 < abs(i - j) <= furthest
                for i, a in enumerate(found)
                for j, b in enumerate(found)
            )
    return any(term in classes for classes in found)


def _read(header: str) -> list[frozenset[str]]:
    """Return the classes of a header's words, but for words that say nothing."""
    text = re.sub(
        r"\b[a-z](?: [a-z])+\b", lambda found: found[0].replace(" ", ""), " ".join(words_of(header))
    )
    for phrase, word in _PHRASES:
        text = re.sub(phrase, word, text)
    words = [piece for word in text.split() for piece in _cut(word) if not piece.isdecimal()]
    if len(words) > 3 and any(_classes(word) & {"ask", "sentence"} for word in words):
        asked = [at for at, word in enumerate(words) if "ask" in _classes(word)]
        words = words[asked[-1] + 1 :][:5] if asked else []
    return [classes for word in words if "stop" not in (classes := _classes(word))]


@lru_cache(10_000)
def header_identifier(header: str) -> str:
    """Return the kind of identifier that a column of this name holds; empty for none.

    ``patient_id``, ``birth_year``, ``site`` and the other columns of the contract hold none.
    """
    found = _read(header)
    if not any(found) or not _holds("!fact", found):
        return ""
    if len(found) > 1 and all("number" in classes for classes in found):
        return "social security number"  # "ID number"
    for kind, terms, absent in _RULES:
        if not (absent and _holds(absent, found)) and any(
            _holds(term, found) for term in terms.split()
        ):
            return kind
    return ""


def may_name_people(header: str) -> bool:
    """Whether a header says "name" and not of what, so that its values decide."""
    return _holds("name&!thing&!fact", _read(header))
