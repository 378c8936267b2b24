"""Rows for stories, made with as little as a story needs to say."""

from __future__ import annotations

from typing import Any

from factory.declarations import LazyAttribute, Sequence
from factory.django import DjangoModelFactory

from tenants.models import Administrator, RoleAssignment, Tenant, VerifiedDomain
from tenants.roles import Role

PASSWORD = "correct horse battery staple"


class TenantFactory(DjangoModelFactory[Tenant]):
    class Meta:
        model = Tenant

    name = Sequence(lambda n: f"Tenant {n}")
    primary_domain = LazyAttribute(lambda one: f"{one.name.lower().replace(' ', '-')}.example")


class AdministratorFactory(DjangoModelFactory[Administrator]):
    class Meta:
        model = Administrator

    email = Sequence(lambda n: f"administrator{n}@fabrikam.example")
    name = "Adele Vance"
    is_confirmed = True


def tenant(name: str, domain: str, **fields: Any) -> Tenant:
    """A tenant with one verified domain."""
    made: Tenant = TenantFactory.create(name=name, primary_domain=domain, **fields)
    VerifiedDomain.objects.create(domain=domain, tenant=made)
    return made


def administrator(email: str, *roles: tuple[Tenant, Role], **fields: Any) -> Administrator:
    """An administrator with a password and these roles."""
    made: Administrator = AdministratorFactory.build(email=email, **fields)
    made.set_password(PASSWORD)
    made.save()
    for where, role in roles:
        RoleAssignment.objects.create(administrator=made, tenant=where, role=role)
    return made
