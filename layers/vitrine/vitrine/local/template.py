"""template.yaml as the runner reads it, and the part of it that the emulator creates."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vitrine.errors import LocalStackError
from vitrine.local.declared import (
    ACCOUNT,
    API_ID,
    REGION,
    STACK_NAME,
    Cors,
    Function,
    read_cors,
    read_routes,
    read_schedules,
    read_sources,
)
from vitrine.local.intrinsics import Resolver, Tree, parse, references

FUNCTION: Final = "AWS::Serverless::Function"
HTTP_API: Final = "AWS::Serverless::HttpApi"
DATA_TYPES: Final = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::S3::Bucket",
        "AWS::SES::ConfigurationSet",
        "AWS::SecretsManager::Secret",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
    }
)
"""Resources that the emulator creates; the runner plays the functions and the API, and leaves the rest to AWS."""

USED_PROPERTIES: Final = frozenset(
    {
        "CodeUri",
        "Environment",
        "EventInvokeConfig",
        "Events",
        "Handler",
        "LoggingConfig",
        "MemorySize",
        "ReservedConcurrentExecutions",
        "SnapStart",
        "Timeout",
    }
)
"""Properties of a function that the runner heeds. Layers are not: the Python environment holds what they hold."""

PSEUDO_PARAMETERS: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Template:
    """A parsed template whose references are not resolved yet."""

    folder: Path
    document: Mapping[str, Any]
    parameters: Mapping[str, Tree]

    @classmethod
    def read(cls, path: Path, parameters: Mapping[str, str]) -> "Template":
        """The template at `path`; `parameters` replace the defaults that it declares."""
        if not path.is_file():
            raise LocalStackError(f"{path} is not there; run from the repository's root")
        document = parse(path.read_text(encoding="utf-8"))
        declared = document.get("Parameters", {})
        values = {name: parameters.get(name, spec.get("Default", "")) for name, spec in declared.items()}
        return cls(path.parent.resolve(), document, values)

    def of_type(self, kind: str) -> dict[str, dict[str, Tree]]:
        """Properties of all resources of a serverless type by logical id, with what Globals adds to them."""
        common = self.document.get("Globals", {}).get(kind.rpartition("::")[2], {})
        return {
            name: merge(common, resource.get("Properties", {}))
            for name, resource in self.document["Resources"].items()
            if resource["Type"] == kind
        }

    def function_properties(self) -> dict[str, dict[str, Tree]]:
        """Of each function, the properties that the runner heeds, unresolved."""
        return {name: heeded(properties) for name, properties in self.of_type(FUNCTION).items()}

    def physical_name(self, function: str) -> str:
        """A function's name outside the template."""
        return str(self.of_type(FUNCTION)[function].get("FunctionName", f"{STACK_NAME}-{function}"))

    def resolver(self, data: Mapping[tuple[str, str], str], api_url: str) -> Resolver:
        """Evaluates the template's references, given the attributes of its data resources and the API's address."""
        names: dict[tuple[str, str], Tree] = {(name, "Ref"): value for name, value in PSEUDO_PARAMETERS.items()}
        names |= {(name, "Ref"): value for name, value in self.parameters.items()}
        for name in self.of_type(FUNCTION):
            physical = self.physical_name(name)
            names[name, "Ref"] = physical
            names[name, "Arn"] = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{physical}"
        for name in [*self.of_type(HTTP_API), "ServerlessHttpApi"]:
            names[name, "Ref"] = API_ID
            names[name, "ApiEndpoint"] = api_url
        names |= data
        return Resolver(names, self.document.get("Mappings", {}), self.document.get("Conditions", {}))

    def data_references(self) -> dict[str, tuple[str, str]]:
        """What functions need to know of data resources: (logical id, attribute) by the name of its stack output."""
        kept = self.data_resources()
        wanted = {pair for properties in self.function_properties().values() for pair in references(properties)}
        return {
            f"{name}0{attribute.replace('.', '0')}": (name, attribute) for name, attribute in wanted if name in kept
        }

    def data_template(self) -> dict[str, Tree]:
        """The template reduced to the resources that hold data, with an output for each of `data_references`."""
        kept = self.data_resources()
        resources = {name: detached(self.document["Resources"][name], kept) for name in sorted(kept)}
        conditions = self.document.get("Conditions", {})
        needed = {name for name, _ in references([resources, conditions])}
        return {
            "Parameters": {name: spec for name, spec in self.document.get("Parameters", {}).items() if name in needed},
            "Mappings": self.document.get("Mappings", {}),
            "Conditions": conditions,
            "Resources": resources,
            "Outputs": {
                output: {"Value": {"Ref": name} if attribute == "Ref" else {"Fn::GetAtt": [name, attribute]}}
                for output, (name, attribute) in sorted(self.data_references().items())
            },
        }

    def data_resources(self) -> set[str]:
        """Logical ids of the resources that hold data, and of everything that they refer to."""
        resources = self.document["Resources"]
        found: set[str] = set()
        waiting = {name for name, resource in resources.items() if resource["Type"] in DATA_TYPES}
        while waiting:
            name = waiting.pop()
            found.add(name)
            referred = {target for target, _ in references(resources[name].get("Properties", {}))}
            waiting |= {target for target in referred if target in resources} - found
        return found

    def cors(self, resolver: Resolver) -> Cors | None:
        """The HTTP API's CORS configuration, if it has one."""
        apis = list(self.of_type(HTTP_API).values()) or [self.document.get("Globals", {}).get("HttpApi", {})]
        if len(apis) > 1:
            raise LocalStackError("the local runner serves one HTTP API; the template declares several")
        settings = resolver.resolve(apis[0].get("CorsConfiguration"))
        return read_cors(settings) if settings else None

    def functions(self, resolver: Resolver) -> list[Function]:
        """All functions with everything resolved, in the template's order."""
        return [self.function(name, resolver.resolve(own)) for name, own in self.function_properties().items()]

    def function(self, name: str, own: Mapping[str, Tree]) -> Function:
        """One function from its resolved properties."""
        events = list(own.get("Events", {}).items())
        logging = own.get("LoggingConfig", {})
        asynchronous = own.get("EventInvokeConfig", {})
        return Function(
            id=name,
            name=self.physical_name(name),
            folder=self.folder / own.get("CodeUri", "."),
            handler=own["Handler"],
            memory_mb=int(own.get("MemorySize", 128)),
            timeout_s=float(own.get("Timeout", 3)),
            reserved=own.get("ReservedConcurrentExecutions"),
            snap_start=own.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions",
            log_format=logging.get("LogFormat", "Text"),
            log_level=logging.get("ApplicationLogLevel", ""),
            environment={key: spelled(value) for key, value in own.get("Environment", {}).get("Variables", {}).items()},
            routes=tuple(read_routes(name, events)),
            schedules=tuple(read_schedules(name, events)),
            sources=tuple(read_sources(name, events)),
            max_retries=int(asynchronous.get("MaximumRetryAttempts", 2)),
            failures=asynchronous.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        )


def heeded(properties: Mapping[str, Tree]) -> dict[str, Tree]:
    """The properties of a function that the runner heeds; where AWS would put its logs is not among them."""
    used = {key: value for key, value in properties.items() if key in USED_PROPERTIES}
    logging = properties.get("LoggingConfig", {})
    return {**used, "LoggingConfig": {key: value for key, value in logging.items() if key != "LogGroup"}}


def detached(resource: Mapping[str, Tree], kept: set[str]) -> dict[str, Tree]:
    """A resource without dependencies on what is left out."""
    depends = resource.get("DependsOn", [])
    still = [other for other in ([depends] if isinstance(depends, str) else depends) if other in kept]
    others = {key: value for key, value in resource.items() if key != "DependsOn"}
    return {**others, "DependsOn": still} if still else others


def merge(common: Tree, own: Tree) -> Tree:
    """SAM's Globals: mappings are merged, lists joined, everything else overridden."""
    if isinstance(common, dict) and isinstance(own, dict):
        return {**common, **{key: merge(common[key], value) if key in common else value for key, value in own.items()}}
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    return own


def spelled(value: Tree) -> str:
    """An environment value as CloudFormation spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
