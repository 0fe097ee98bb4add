"""What people are told of their devices, accounts and identity, in words."""

from datetime import timedelta

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted, declare
from infra.words import N_

DEVICES, ACCOUNTS = Link("devices"), Link("accounts")
PROFILE = Link("profile")
NOT_YOU = N_("Somebody signed in to your Longan account, or was signed out. If it was not you, open Longan now.")

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
ACCOUNT_EXPIRING = declare(
    NoticeKind(
        "account_expiring",
        NoticeClass.SERVICE,
        N_("Your link to {provider} ends soon"),
        N_("You let us read {provider} until {ends_at}. If it should go on, link it again under your accounts."),
        lock=N_("One of your linked accounts ends soon. Open Longan to keep it."),
        link=ACCOUNTS,
    )
)
ACCOUNT_ENDED = declare(
    NoticeKind(
        "account_ended",
        NoticeClass.SERVICE,
        N_("Your link to {provider} has ended"),
        N_(
            "The time for which you let us read {provider} is over. What it told counts until it is too old; link it again under your "
            "accounts to keep it up to date."
        ),
        lock=N_("One of your linked accounts has ended. Open Longan to link it again."),
        link=ACCOUNTS,
    )
)
ACCOUNT_REVOKED = declare(
    NoticeKind(
        "account_revoked",
        NoticeClass.SERVICE,
        N_("{provider} does not let us read your account any more"),
        N_(
            "Your permission was taken back at {provider}. What it told counts no more, but for debts and arrears, which count on for a "
            "time. You can link it again under your accounts."
        ),
        lock=N_("One of your linked accounts cannot be read any more. Open Longan to link it again."),
        link=ACCOUNTS,
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
            "Name and number do not belong together. Check both for a typing mistake and try again; until then no money moves."
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
        N_("{partner} can see what you chose to share"),
        N_("They can see that and nothing else, until {by_at}. Each time they look is recorded for you."),
        topic="consent",
        push=False,
    )
)
CONSENT_ENDED = declare(
    NoticeKind(
        "consent_ended",
        NoticeClass.SERVICE,
        N_("{partner} can no longer see your information"),
        N_("Your consent has ended. What they saw before stays with them."),
        topic="consent",
        push=False,
    )
)
