"""The marks by which software sees how a file came about: the program, and that a trained model made its sound."""

from importlib.metadata import version

# Terms of the IPTC for sound of a trained model, alone and together with a recording.
GENERATED, COMPOSITE = (
    f"http://cv.iptc.org/newscodes/digitalsourcetype/{term}"
    for term in ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
)
XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="{}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def software():
    """The name and version of this program."""
    return f"PRiSM lessons {version('prism-lessons')}"


def source_type(about):
    """The address of the IPTC's term for a take, from its `about`."""
    return COMPOSITE if about.get("prime_seconds") else GENERATED


def xmp(source_type):
    """An XMP packet that says no more than a digital source type, as text."""
    return XMP.format(source_type)
