"""What people are told of their applications and devices, in words."""

from datetime import timedelta

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted, declare
from infra.words import N_

APPLICATION, DEVICES, ACCOUNTS = Link("applications", "Application"), Link("devices"), Link("accounts")
PROFILE = Link("profile")
ANSWERED = N_("There is an answer to your application. Open Longan to read it.")
MOVED = N_("There is news about your application. Open Longan to read it.")
NOT_YOU = N_("Something changed in who is signed in to your Longan account. If it was not you, open Longan now.")

APPLICATION_SENT = declare(
    NoticeKind(
        "application_sent",
        NoticeClass.SERVICE,
        N_("Your application is with {partner}"),
        N_("{product}: {partner} has your application and answers by {by_at}. You need not do anything."),
        topic="application",
        link=APPLICATION,
        push=False,
    )
)
APPLICATION_APPROVED = declare(
    NoticeKind(
        "application_approved",
        NoticeClass.SERVICE,
        N_("Your application was approved"),
        N_("{product}: an offer is ready for you. Read its terms, and accept it by {by_at} if you want it."),
        lock=ANSWERED,
        topic="application",
        link=APPLICATION,
        texted=Texted.INSTEAD,
    )
)
APPLICATION_DECLINED = declare(
    NoticeKind(
        "application_declined",
        NoticeClass.SERVICE,
        N_("Your application was declined"),
        N_(
            "{product}: this time the answer is no. The reasons stand with the application, and with them what may help."
        ),
        lock=ANSWERED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_IN_REVIEW = declare(
    NoticeKind(
        "application_in_review",
        NoticeClass.SERVICE,
        N_("A person is reading your application"),
        N_("{product}: somebody looks at your application and answers by {by_at}. You need not do anything."),
        lock=MOVED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_DELAYED = declare(
    NoticeKind(
        "application_delayed",
        NoticeClass.SERVICE,
        N_("The answer takes longer than we promised"),
        N_("{product}: the answer is late, and we are sorry. We are looking into it. You need not do anything."),
        lock=MOVED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_ACCEPTED = declare(
    NoticeKind(
        "application_accepted",
        NoticeClass.SERVICE,
        N_("You accepted the offer"),
        N_("{product}: your agreement is in force. Its terms stand with the application, to read again at any time."),
        topic="application",
        link=APPLICATION,
        push=False,
    )
)
APPLICATION_EXPIRED = declare(
    NoticeKind(
        "application_expired",
        NoticeClass.SERVICE,
        N_("Your offer has ended"),
        N_("{product}: the offer was not accepted in time. If you still want it, simply apply again."),
        lock=MOVED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_WITHDRAWN = declare(
    NoticeKind(
        "application_withdrawn",
        NoticeClass.SERVICE,
        N_("You took your application back"),
        N_("{product}: nothing more happens with it, and {partner} no longer sees what you shared for it."),
        topic="application",
        link=APPLICATION,
        push=False,
    )
)
OFFER_ENDS_SOON = declare(
    NoticeKind(
        "offer_ends_soon",
        NoticeClass.SERVICE,
        N_("Your offer ends soon"),
        N_("{product}: your offer ends at {by_at}. Accept it before then if you want it; otherwise do nothing."),
        lock=N_("Something in Longan waits for your answer, and soon ends. Open Longan to read it."),
        topic="application",
        link=APPLICATION,
        texted=Texted.INSTEAD,
        lasts=timedelta(days=1),
    )
)
DEVICE_SIGNED_IN = declare(
    NoticeKind(
        "device_signed_in",
        NoticeClass.SECURITY,
        N_("A new device signed in"),
        N_("{device} signed in to your account. If it was not you, sign it out under your devices at once."),
        lock=NOT_YOU,
        link=DEVICES,
    )
)
DEVICE_SIGNED_OUT = declare(
    NoticeKind(
        "device_signed_out",
        NoticeClass.SECURITY,
        N_("A device was signed out"),
        N_("{device} was signed out from another device. If it was not you, look at your devices at once."),
        lock=NOT_YOU,
        link=DEVICES,
    )
)
DEVICE_COPIED = declare(
    NoticeKind(
        "device_copied",
        NoticeClass.SECURITY,
        N_("We signed a device out, to be safe"),
        N_(
            "Somebody used an old key of {device}, which may have been copied. Sign in there again, and look at your devices."
        ),
        lock=NOT_YOU,
        link=DEVICES,
        texted=Texted.INSTEAD,
    )
)
ACCOUNT_LINKED = declare(
    NoticeKind(
        "account_linked",
        NoticeClass.SERVICE,
        N_("{provider} is linked"),
        N_(
            "Your {provider} account counts from now on. If it was not you who linked it, unlink it under your accounts."
        ),
        link=ACCOUNTS,
        push=False,
    )
)
ACCOUNT_UNLINKED = declare(
    NoticeKind(
        "account_unlinked",
        NoticeClass.SERVICE,
        N_("{provider} is unlinked"),
        N_("We read nothing more of your {provider} account. You can link it again under your accounts at any time."),
        link=ACCOUNTS,
        push=False,
    )
)
IDENTITY_CHECKED = declare(
    NoticeKind(
        "identity_checked",
        NoticeClass.SECURITY,
        N_("Your identity is confirmed"),
        N_("Name and number belong together, and your birth date is fixed now. If it was not you, tell us at once."),
        lock=N_("Something changed in your Longan profile. If it was not you, open Longan now."),
        link=PROFILE,
    )
)
IDENTITY_MISMATCHED = declare(
    NoticeKind(
        "identity_mismatched",
        NoticeClass.SECURITY,
        N_("We could not confirm your identity"),
        N_(
            "Name and number do not belong together. Look for a slip of the pen and try again; until then no money moves."
        ),
        link=PROFILE,
        push=False,
    )
)
SECOND_FACTOR_ADDED = declare(
    NoticeKind(
        "second_factor_added",
        NoticeClass.SECURITY,
        N_("A second factor was set up"),
        N_(
            "Signing in asks for it from now on; if you lose it, only your verified identity lets you in. If it was not you, end "
            "the other devices and tell us at once."
        ),
        lock=N_("Something changed in how you sign in to Longan. If it was not you, open Longan now."),
        link=PROFILE,
    )
)
SECOND_FACTOR_REMOVED = declare(
    NoticeKind(
        "second_factor_removed",
        NoticeClass.SECURITY,
        N_("A second factor was removed"),
        N_(
            "Signing in asks for it no more. If it was not you, set one up again, end the other devices and tell us at once."
        ),
        lock=N_("Something changed in how you sign in to Longan. If it was not you, open Longan now."),
        link=PROFILE,
        texted=Texted.INSTEAD,
    )
)
SECOND_FACTOR_RECOVERED = declare(
    NoticeKind(
        "second_factor_recovered",
        NoticeClass.SECURITY,
        N_("Somebody signed in without your second factor"),
        N_(
            "Your name, id number and phone opened your account, and your second factor ends at {ends_at}. If it was not you, use it "
            "before then, or end that device: it stays, and they are signed out."
        ),
        lock=N_("Somebody signed in to Longan without your second factor. If it was not you, open Longan now."),
        link=DEVICES,
        texted=Texted.ALWAYS,
        lasts=timedelta(days=1),
    )
)
PAYMENT_ACCOUNT_ADDED = declare(
    NoticeKind(
        "payment_account_added",
        NoticeClass.SECURITY,
        N_("A payment account was added"),
        N_("Money can go there from now on. If it was not you, remove it and tell us at once."),
        lock=N_("Something changed in your Longan profile. If it was not you, open Longan now."),
        link=PROFILE,
    )
)
PAYMENT_ACCOUNT_REMOVED = declare(
    NoticeKind(
        "payment_account_removed",
        NoticeClass.SECURITY,
        N_("A payment account was removed"),
        N_(
            "No money goes there or comes from there any more. If it was not you, look at your devices and tell us at once."
        ),
        lock=N_("Something changed in your Longan profile. If it was not you, open Longan now."),
        link=PROFILE,
    )
)
PHONE_CHANGED = declare(
    NoticeKind(
        "phone_changed",
        NoticeClass.SECURITY,
        N_("Your phone number was changed"),
        N_(
            "Codes and texts go to the new number from now on. If it was not you, stop it within a day by the text to your old number."
        ),
        lock=N_("Something changed in how you sign in to Longan. If it was not you, open Longan now."),
        topic="phone",
        link=PROFILE,
    )
)
PHONE_CHANGE_STOPPED = declare(
    NoticeKind(
        "phone_change_stopped",
        NoticeClass.SECURITY,
        N_("The change of your phone number was stopped"),
        N_(
            "Your number is what it was before, and every device was signed out. Look at your devices and payment accounts once more."
        ),
        topic="phone",
        link=PROFILE,
        push=False,
    )
)
CONSENT_GRANTED = declare(
    NoticeKind(
        "consent_granted",
        NoticeClass.SERVICE,
        N_("{partner} may see something of you"),
        N_("What you chose to share, until {by_at}. Each look of theirs is written down."),
        topic="consent",
        push=False,
    )
)
CONSENT_ENDED = declare(
    NoticeKind(
        "consent_ended",
        NoticeClass.SERVICE,
        N_("{partner} sees nothing of you any more"),
        N_("Your consent has ended. What they saw before stays with them."),
        topic="consent",
        push=False,
    )
)
