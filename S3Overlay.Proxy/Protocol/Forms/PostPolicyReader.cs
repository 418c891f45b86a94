using System.Globalization;
using System.Text.Json;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>Parses a form's policy: JSON in base64. Its own names are case-sensitive; names of fields are not.</summary>
internal static class PostPolicyReader
{
    private static readonly string[] Times = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:sszzz",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>Parses a policy.</summary>
    /// <param name="base64">The field as sent.</param>
    /// <param name="largest">The size limit of any file, in bytes.</param>
    /// <exception cref="S3Exception">InvalidPolicyDocument, with the reason.</exception>
    public static PostPolicy Read(string base64, long largest)
    {
        try
        {
            using var document = JsonDocument.Parse(PolicyEscapes.ToJson(Convert.FromBase64String(base64)));
            return Read(document.RootElement, largest);
        }
        catch (FormatException)
        {
            throw Invalid("Policy could not be decoded: it must be base64.");
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: the text is not Unicode.
            throw Invalid("Invalid JSON.");
        }
    }

    private static PostPolicy Read(JsonElement root, long largest)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("Invalid JSON: a policy is an object.");
        }

        JsonElement? expiration = null, conditions = null;
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "expiration" when expiration is null:
                    expiration = property.Value;
                    break;
                case "conditions" when conditions is null:
                    conditions = property.Value;
                    break;
                default:
                    throw Invalid($"Unexpected: '{property.Name}'.");
            }
        }

        var policy = new PostPolicy(Expiration(expiration), [], 0, largest);
        if (conditions is not { ValueKind: JsonValueKind.Array } list)
        {
            throw Invalid("Policy missing conditions.");
        }

        var read = new List<PolicyCondition>();
        foreach (var condition in list.EnumerateArray())
        {
            policy = Add(condition, read, policy);
        }

        return policy with { Conditions = read };
    }

    private static DateTimeOffset Expiration(JsonElement? expiration)
    {
        if (expiration is not { ValueKind: JsonValueKind.String } text)
        {
            throw Invalid("Policy missing expiration.");
        }

        return DateTimeOffset.TryParseExact(text.GetString(), Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var time)
            ? time
            : throw Invalid($"Invalid 'expiration' value: '{text.GetString()}'");
    }

    private static PostPolicy Add(JsonElement condition, List<PolicyCondition> conditions, PostPolicy policy)
    {
        switch (condition.ValueKind)
        {
            case JsonValueKind.Object:
                var before = conditions.Count;
                foreach (var field in condition.EnumerateObject())
                {
                    conditions.Add(new(field.Name, Text(field.Value), IsPrefix: false));
                }

                return conditions.Count == before + 1 ? policy
                    : throw Invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");

            case JsonValueKind.Array when condition.GetArrayLength() == 3:
                var name = Text(condition[0]).ToLowerInvariant();
                if (name == "content-length-range")
                {
                    return Narrowed(policy, Number(condition[1]), Number(condition[2]));
                }

                var matched = Text(condition[1]);
                conditions.Add(new(
                    matched.StartsWith('$') ? matched[1..] : throw Invalid($"Invalid Condition: '{matched}' does not start with '$'."),
                    Text(condition[2]),
                    name switch { "eq" => false, "starts-with" => true,
                        _ => throw Invalid($"Invalid Condition: unknown operation '{name}'.") }));
                return policy;

            default:
                throw Invalid("Invalid Condition: wrong number of arguments.");
        }
    }

    /// <summary>All of several ranges apply.</summary>
    private static PostPolicy Narrowed(PostPolicy policy, long smallest, long largest) => smallest <= largest
        ? policy with { Smallest = Math.Max(policy.Smallest, smallest), Largest = Math.Min(policy.Largest, largest) }
        : throw Invalid("Invalid content-length-range: the maximum is below the minimum.");

    private static string Text(JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Invalid("Invalid Condition: a string was expected.");

    private static long Number(JsonElement element) =>
        long.TryParse(element.ValueKind is JsonValueKind.Number ? element.GetRawText()
                : Text(element), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Invalid("Invalid content-length-range: a number of bytes was expected.");

    private static S3Exception Invalid(string why) => new(S3Errors.InvalidPolicyDocument, "Invalid Policy: " + why);
}
