"""Words that refuse the network address of the caller, not the credential: a regular expression. Pure.

That an address is named is not enough: servers mention it in many refusals ("this attempt from your IP address was
logged"). A refusing word must stand near it in the same sentence, and say what is, not what may follow ("will be
blocked after five attempts"). The texts searched have spaces in place of `_` and `-`.
"""

_SAME_SENTENCE = r'(?:(?![.!?;]\s|["<>|\n]).){0,50}'
_IP = r"\bips?\b"
_NOT_ALLOWED = (
    r"(?:not|isn.?t|aren.?t) (?:been |yet )?(?:allowed|permitted|authori[sz]ed|accepted|trusted|approved|registered"
    r"|recogni[sz]ed|white ?listed|allow ?listed|listed|on|in|among|part|within)\b"
    r"|(?:does not|doesn.?t|cannot|can.?t|may not) (?:have )?(?:access|match|use|call)\b"
)
_IS_REFUSED = (
    r"(?<!\bbe )(?:block(?:ed|s|list\w*)?|banned|denied|restrict\w*|disallowed|rejected|refused|violates|outside"
    r"|(?:allow|white|black|deny) ?list\w*)\b"
)
_LEVEL = r"(?:unauthori[sz]ed|forbidden)"  # also the name of a status, so that it counts only beside the address
ADDRESS_REFUSED = (
    rf"{_IP}{_SAME_SENTENCE}\b(?:{_NOT_ALLOWED}|{_IS_REFUSED}|{_LEVEL}\b)"
    rf"|\b(?:{_NOT_ALLOWED}|{_IS_REFUSED}){_SAME_SENTENCE}{_IP}"
    rf"|\b{_LEVEL} (?:client |source |remote )?{_IP}"
    rf"|\b(?:{_NOT_ALLOWED}|{_IS_REFUSED})(?: \w+)? (?:this|your) (?:address|network|location|region|country)\b"
)
