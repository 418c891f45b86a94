using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace S3Overlay.Proxy.Administration;

/// <summary><c>GET openapi.json</c>: describes all methods, from their declarations.</summary>
internal sealed class OpenApiMethod(IReadOnlyList<Method> methods)
    : DocumentMethod<JsonObject>("GET", "openapi.json", "Describes all methods (OpenAPI 3.1).")
{
    private JsonObject? _document;

    /// <inheritdoc/>
    protected override Task<(JsonObject Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken) =>
        Task.FromResult((_document ??= OpenApi.Describe([.. methods, this]), "described"));
}

/// <summary>Makes an OpenAPI document of methods.</summary>
/// <remarks>https://spec.openapis.org/oas/v3.1.1.html</remarks>
internal static class OpenApi
{
    private static readonly JsonSchemaExporterOptions SchemaOptions = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = static (context, schema) =>
        {
            var described = context.PropertyInfo?.AttributeProvider ?? context.TypeInfo.Type;
            var text = described.GetCustomAttributes(typeof(DescriptionAttribute), false).OfType<DescriptionAttribute>().FirstOrDefault();
            if (text is not null && schema is JsonObject documented)
            {
                documented.Insert(0, "description", text.Description);
            }

            return schema;
        },
    };

    /// <summary>Describes methods.</summary>
    public static JsonObject Describe(IEnumerable<Method> methods)
    {
        var paths = new JsonObject();
        foreach (var method in methods)
        {
            paths[$"/-/{AdministrationService.Version}{method.Name}"] =
                new JsonObject { [method.Verb.ToLowerInvariant()] = Operation(method) };
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "S3Overlay administration",
                ["version"] = "1",
                ["description"] =
                    "Each request is signed with SigV4 (service s3) in the Authorization header, by a key with \"admin\". "
                    + "Presigned URLs and pages of other origins are refused.",
            },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["sigv4"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "Authorization" },
                },
                ["schemas"] = new JsonObject { ["Error"] = Error() },
            },
            ["security"] = new JsonArray(new JsonObject { ["sigv4"] = new JsonArray() }),
        };
    }

    private static JsonObject Operation(Method method)
    {
        var operation = new JsonObject
        {
            ["operationId"] = method.Name,
            ["summary"] = method.Summary,
            ["parameters"] = new JsonArray([.. method.Parameters.Select(Parameter)]),
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject
                {
                    ["description"] = method.ContentType == ProgressResponses.ContentType
                        ? "One JSON document a line. The last line has \"done\": true, or \"done\": false and an error." : "The result.",
                    ["content"] = new JsonObject { [method.ContentType] = new JsonObject { ["schema"] = Schema(method.Responses) } },
                },
                ["default"] = new JsonObject
                {
                    ["description"] = "An error.",
                    ["content"] = new JsonObject
                    {
                        ["application/json"] = new JsonObject
                            { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Error" } },
                    },
                },
            },
        };
        if (method.Body is { } body)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { [body] = new JsonObject { ["schema"] = new JsonObject() } },
            };
        }

        return operation;
    }

    private static JsonNode Parameter(Parameter parameter) => new JsonObject
    {
        ["name"] = parameter.Name,
        ["in"] = "query",
        ["required"] = parameter.IsRequired,
        ["description"] = parameter.Description,
        ["schema"] = new JsonObject { ["type"] = parameter.Type },
    };

    private static JsonNode Schema(IReadOnlyList<Type> types)
    {
        var schemas = types.Select(type => type == typeof(JsonObject) ? new JsonObject { ["type"] = "object" }
            : type == typeof(byte[]) ? new JsonObject { ["type"] = "string", ["format"] = "binary" }
            : AdministrationJson.Options.GetJsonSchemaAsNode(type, SchemaOptions)).ToArray();
        return schemas is [var only] ? only : new JsonObject { ["oneOf"] = new JsonArray(schemas) };
    }

    private static JsonObject Error()
    {
        var text = new JsonObject { ["type"] = "string" };
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["code"] = text,
                ["message"] = text.DeepClone(),
                ["resource"] = text.DeepClone(),
                ["requestId"] = text.DeepClone(),
            },
            ["required"] = new JsonArray("code", "message"),
        };
    }
}
