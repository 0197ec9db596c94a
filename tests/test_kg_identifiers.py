"""Promise: an identifier has one form, whoever writes it, and what only looks like one is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picograph.kg.identifiers import SCHEMES, identifier, scheme

# As PubMed, registries and people write them. Most are from the tests of github maia-sh/ctregistries; those of CTIS and
# EudraCT from github rfhb/ctrdata, that of ISRCTN from the Bioregistry.
FORMS = {
    "NCT02149199": ["NCT02149199", "nCt02149199", "NCT 02149199", " NCT02149199. ", "ＮＣＴ０２１４９１９９",
                    "NCT\u200b02149199", "ClinicalTrials.gov/NCT02149199", "ClinicalTrials.gov: NCT02149199",
                    "https://clinicaltrials.gov/study/NCT02149199", "NCT02149199)", "nct:NCT02149199"],
    "isrctn:ISRCTN10175490": ["ISRCTN10175490", "ISRCTN 10175490", "isrctn:ISRCTN10175490",
                              "https://www.isrctn.com/ISRCTN10175490"],
    "eudract:2010-022945-52": ["2010-022945-52", "2010‐022945–52", "EudraCT 2010-022945-52", "EUCTR2010-022945-52-DE",
                               "EudraCT number: 2010-022945-52".replace(":", ","), "2010-022945-52-ES"],
    "ctis:2022-501549-57": ["2022-501549-57-00", "2022-501549-57", "EU CT 2022-501549-57-01"],
    "drks:DRKS00005115": ["DRKS00005115", "DRKS 00005115"],
    "actrn:ACTRN12615000999538": ["ACTRN12615000999538", "ANZCTR12615000999538", "actrn12615000999538"],
    "chictr:ChiCTR2000029949": ["ChiCTR2000029949", "CHICTR 2000029949"],
    "chictr:ChiCTR-TRC-12001234": ["ChiCTR-TRC-12001234", "chictr-trc-12001234"],
    "jrct:jRCTs031180001": ["jRCTs031180001", "JPRN-jRCTs031180001", "JRCTS031180001"],
    "jrct:jRCT2031200001": ["jRCT2031200001"],
    "umin:UMIN000012045": ["UMIN000012045", "JPRN-UMIN000012045", "C000012045"],
    "japiccti:JapicCTI-142682": ["JapicCTI-142682", "JAPIC CTI-142682"],
    "jmaiia:JMA-IIA00123": ["JMA-IIA00123"],
    "ctri:CTRI/2010/091/000123": ["CTRI/2010/091/000123", "ctri/2010/091/000123"],
    "kct:KCT0001234": ["KCT0001234"],
    "irct:IRCT2016080318745N10": ["IRCT2016080318745N10"],
    "ntr:NTR4269": ["NTR4269", "NTR 4269"],
    "nl:NL9229": ["NL9229"],
    "pactr:PACTR2010020001429343": ["PACTR 2010020001429343"],
    "pactr:PACTR202406532417953": ["PACTR202406532417953"],
    "rebec:RBR-2b3ck7": ["RBR-2b3ck7", "RBR-2B3CK7"],
    "repec:PER-106-20": ["PER-106-20"],
    "rpcec:RPCEC00000123": ["RPCEC00000123"],
    "slctr:SLCTR/2010/008": ["SLCTR/2010/008"],
    "tctr:TCTR20150304001": ["TCTR20150304001"],
    "lbctr:LBCTR2019010123": ["LBCTR2019010123"],
    "doi:10.1056/nejmoa1715274": ["10.1056/NEJMoa1715274", "doi:10.1056/NEJMoa1715274", "DOI: 10.1056/nejmoa1715274",
                                  "https://doi.org/10.1056/NEJMoa1715274", "http://dx.doi.org/10.1056%2FNEJMoa1715274",
                                  "10.1056/NEJMoa1715274.", "10.1056/NEJMoa1715274);"],
    "doi:10.1016/0140-6736(90)92867-n": ["10.1016/0140-6736(90)92867-N"],
    "doi:10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2":
        ["10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"],
    "pmid:29768149": ["pmid:29768149", "PMID: 29768149", "https://pubmed.ncbi.nlm.nih.gov/29768149/"],
}  # fmt: skip
# What looks like one, and a number of a sponsor, a grant, an ethics committee; a year with a volume.
NOT_ONE = [
    "", "NCT", "NCT1234567", "NCT123456789", "NCT0214919O", "NCTO2950051", "NCT02149199_2", "ISCRTN06180958",
    "ISRCTN1017549", "DRKS12345678", "IRCT20181201041815N", "ZINC000052955", "nl-2012-302759", "NL41789.078.13",
    "NL26560.042.09", "per 100 000", "6721", "29768149", "pmid:0", "pmid:", "pmid:12a", "doi:", "10.1/a",
    "10.1000/", "10.1000", "doi:10.1000/a b", "R01DC011020", "P60DK020579", "R668-AD-1314", "109063",
    "SANPRIDE_002", "2010-1-1", "2010-022945", "201201801201", "U01HL123456", "NCT02149199 and NCT02149200",
    "see NCT02149199", "RBR-", "ChiCTR-123", "CTRI/2010/091", "jRCT12345", "NCT٠٢١٤٩١٩٩",
]  # fmt: skip


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in FORMS.items() for text in texts])
def test_an_identifier_has_one_form(key: str, text: str) -> None:
    assert identifier(text) == key
    assert identifier(key) == key


@pytest.mark.parametrize("text", NOT_ONE)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert identifier(text) is None


def test_every_registry_has_a_number_that_is_known() -> None:
    assert {scheme(key) for key in FORMS} == set(SCHEMES)
    assert len(SCHEMES) == 25
    assert sum(map(len, FORMS.values())) >= 60
    assert len(NOT_ONE) >= 40


@given(st.text(max_size=40))
def test_any_text_is_taken(text: str) -> None:
    key = identifier(text)
    assert key is None or identifier(key) == key
