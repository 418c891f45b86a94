using System.Text;
using System.Text.Json;

namespace S3Overlay.Proxy.Protocol.Access;

/// <summary>
/// Reads bucket policies. What is not known is refused: a policy that is half understood would open or close the wrong thing.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html</remarks>
public static class PolicyReader
{
    private const int MaxDepth = 8;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Reads a policy of a bucket.</summary>
    /// <exception cref="S3Exception">MalformedPolicy; PolicyTooLarge.</exception>
    public static BucketPolicy Read(string text, string bucket)
    {
        if (Encoding.UTF8.GetByteCount(text) > BucketPolicy.MaxSize)
        {
            throw new S3Exception(AccessErrors.PolicyTooLarge);
        }

        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            return new(text, Statements(document.RootElement, bucket));
        }
        catch (JsonException problem)
        {
            throw Malformed(text.AsSpan().TrimStart().StartsWith("{")
                ? "This policy contains invalid Json" : "Policies must be valid JSON and the first byte must be '{'", problem);
        }
        catch (FormatException problem)
        {
            throw Malformed(problem.Message, problem);
        }
        catch (InvalidOperationException problem)
        {
            // Half of a surrogate pair: no text.
            throw Malformed("This policy contains invalid Json", problem);
        }
    }

    /// <summary>Reads a policy that the store kept. One that is not understood any more denies everything.</summary>
    public static BucketPolicy ReadKept(string text, string bucket)
    {
        try
        {
            return Read(text, bucket);
        }
        catch (S3Exception)
        {
            return new(text, [new()
            {
                IsAllow = false,
                Principals = new(["*"], IsNot: false),
                Actions = [new("*", hasWildcards: true, hasVariables: false)],
                Resources = [new("*", hasWildcards: true, hasVariables: false)],
            }]);
        }
    }

    private static List<PolicyStatement> Statements(JsonElement root, string bucket)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("Policies must be valid JSON and the first byte must be '{'");
        }

        var version = "2008-10-17";
        List<JsonElement>? statements = null;
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "Version" when property.Value.ValueKind == JsonValueKind.String
                    && property.Value.GetString() is "2012-10-17" or "2008-10-17":
                    version = property.Value.GetString()!;
                    break;
                case "Version":
                    throw new FormatException("The policy must contain a valid version string");
                case "Id" when property.Value.ValueKind == JsonValueKind.String:
                    break;
                case "Statement":
                    statements = property.Value.ValueKind == JsonValueKind.Array
                        ? [.. property.Value.EnumerateArray()] : [property.Value];
                    break;
                default:
                    throw new FormatException($"Unknown field {property.Name}");
            }
        }

        return statements is { Count: > 0 }
            ? [.. statements.Select(statement => ReadStatement(statement, version == "2012-10-17", bucket))]
            : throw new FormatException("Missing required field Statement");
    }

    private static PolicyStatement ReadStatement(JsonElement json, bool hasVariables, string bucket)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("Statement must be an object");
        }

        string? effect = null;
        PolicyPrincipals? principals = null;
        List<PolicyPattern>? actions = null, resources = null;
        IReadOnlyList<PolicyCondition> conditions = [];
        bool isNotActions = false, isNotResources = false;
        foreach (var (name, value) in json.EnumerateObject().Select(static property => (property.Name, property.Value)))
        {
            switch (name)
            {
                case "Sid" when value.ValueKind == JsonValueKind.String:
                    break;
                case "Effect" when value.ValueKind == JsonValueKind.String:
                    effect = value.GetString();
                    break;
                case "Principal" or "NotPrincipal" when principals is null:
                    principals = ReadPrincipals(value, isNot: name == "NotPrincipal");
                    break;
                case "Action" or "NotAction" when actions is null:
                    isNotActions = name == "NotAction";
                    actions = [.. Texts(value, name).Select(ReadAction)];
                    break;
                case "Resource" or "NotResource" when resources is null:
                    isNotResources = name == "NotResource";
                    resources = [.. Texts(value, name).Select(text => ReadResource(text, hasVariables, bucket))];
                    break;
                case "Condition":
                    conditions = ReadConditions(value, hasVariables);
                    break;
                default:
                    throw new FormatException($"Invalid policy syntax at {name}");
            }
        }

        if (effect is not ("Allow" or "Deny"))
        {
            throw new FormatException(effect is null ? "Missing required field Effect" : $"Invalid effect: {effect}");
        }

        if (principals is null || actions is null || resources is null)
        {
            throw new FormatException(
                $"Missing required field {(principals is null ? "Principal" : actions is null ? "Action" : "Resource")}");
        }

        if (principals.IsNot && effect == "Allow")
        {
            throw new FormatException("Allow with NotPrincipal is not allowed.");
        }

        return new()
        {
            IsAllow = effect == "Allow",
            Principals = principals,
            Actions = actions,
            IsNotActions = isNotActions,
            Resources = resources,
            IsNotResources = isNotResources,
            Conditions = conditions,
        };
    }

    private static PolicyPrincipals ReadPrincipals(JsonElement json, bool isNot)
    {
        if (json.ValueKind == JsonValueKind.String && json.GetString() == "*")
        {
            return new(["*"], isNot);
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("Invalid principal in policy");
        }

        List<string> names = [], services = [];
        foreach (var kind in json.EnumerateObject())
        {
            var texts = Texts(kind.Value, "Principal").ToList();
            switch (kind.Name)
            {
                case "AWS" when texts.TrueForAll(PolicyPrincipals.IsName):
                case "CanonicalUser" when texts.TrueForAll(Account.IsId):
                    names.AddRange(texts);
                    break;
                case "Service":
                    services.AddRange(texts);
                    break;
                default:
                    throw new FormatException("Invalid principal in policy");
            }
        }

        return names.Count + services.Count > 0 ? new(names, isNot) { Services = services }
            : throw new FormatException("Invalid principal in policy");
    }

    private static PolicyPattern ReadAction(string text) =>
        PolicyActions.IsKnown(text) ? new(text, hasWildcards: true, hasVariables: false, ignoresCase: true)
            : throw new FormatException("Policy has invalid action");

    /// <summary>Every resource must be able to name the bucket, or objects in it.</summary>
    private static PolicyPattern ReadResource(string text, bool hasVariables, string bucket)
    {
        if (text == "*")
        {
            return new(text, hasWildcards: true, hasVariables: false);
        }

        if (!text.StartsWith("arn:", StringComparison.Ordinal)
            || text.Split(':', 6) is not [_, { Length: > 0 }, "s3", "" or "*", "" or "*", { Length: > 0 } rest])
        {
            throw new FormatException("Policy has invalid resource");
        }

        var pattern = new PolicyPattern(rest, hasWildcards: true, hasVariables);
        var slash = rest.IndexOf('/');
        var named = slash < 0 ? rest : rest[..slash];
        return new PolicyPattern(named, hasWildcards: true, hasVariables: false).Matches(bucket, static _ => null)
            || named.Contains("${", StringComparison.Ordinal)
            ? pattern : throw new FormatException("Policy has invalid resource");
    }

    private static List<PolicyCondition> ReadConditions(JsonElement json, bool hasVariables)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("Invalid policy syntax at Condition");
        }

        var read = new List<PolicyCondition>();
        foreach (var (name, keys) in json.EnumerateObject().Select(static property => (property.Name, property.Value)))
        {
            if (keys.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("Invalid policy syntax at Condition");
            }

            read.AddRange(keys.EnumerateObject().Select(key =>
                PolicyCondition.Read(name, key.Name, [.. Texts(key.Value, "Condition")], hasVariables)));
        }

        return read;
    }

    /// <summary>A text or a list of texts. In conditions, numbers and flags are written without quotes too.</summary>
    private static IEnumerable<string> Texts(JsonElement json, string field)
    {
        var all = json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().ToList() : [json];
        return all.Count == 0 ? throw new FormatException($"{field} is empty") : all.Select(each => each.ValueKind switch
        {
            JsonValueKind.String => each.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when field == "Condition" => each.GetRawText(),
            _ => throw new FormatException($"Invalid policy syntax at {field}"),
        });
    }

    private static S3Exception Malformed(string message, Exception cause) => new(AccessErrors.MalformedPolicy, message, cause);
}
