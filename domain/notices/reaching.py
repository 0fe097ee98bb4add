"""Reaching: of how many people at once the gate would let an advertisement stand in their list, or ring them at some hour.

It is the gate's answer in SQL, for counting: of preferences and restrictions, not of hours, limits and countries, which are asked
of each person when they are told. A test holds the two against each other.
"""

from domain.notices.classes import NoticeChannel, NoticeClass, is_wanted


def _wants(purpose: NoticeClass, channel: NoticeChannel) -> str:
    at_first = str(is_wanted({}, (purpose, channel))).lower()
    return f"coalesce(CAST(chosen.choices ->> '{purpose}:{channel}' AS bool), {at_first})"


# For a statement over `member`: the rows that it is asked of, and the answer.
JOINED = """
      LEFT JOIN users AS person ON person.id = member.user_id
      LEFT JOIN contact_preferences AS chosen ON chosen.user_id = member.user_id
"""
MAY_BE_TOLD = f"""
    coalesce(person.status = 'ACTIVE', false) AND ({_wants(NoticeClass.MARKETING, NoticeChannel.APP)}
        OR {_wants(NoticeClass.MARKETING, NoticeChannel.PUSH)}
           AND EXISTS (SELECT FROM push_devices AS device WHERE device.user_id = member.user_id))
"""
