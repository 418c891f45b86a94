using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Websites;

/// <summary>Reads documents of websites. Refuses what S3 refuses, and what is not known.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html</remarks>
internal static class WebsiteReader
{
    private const int MostRules = 50;
    private const string Index = "IndexDocument", Error = "ErrorDocument", RuleList = "RoutingRules", All = "RedirectAllRequestsTo";

    /// <summary>Reads a document.</summary>
    /// <exception cref="S3Exception">MalformedXML, InvalidArgument, InvalidRequest, KeyTooLongError.</exception>
    public static WebsiteConfiguration Read(XElement root)
    {
        if (root.Name.LocalName != WebsiteConfiguration.Root)
        {
            throw Malformed();
        }

        RequireOnly(root, Index, Error, RuleList, All);
        if (One(root, All) is { } all)
        {
            return root.Elements().Count() == 1 ? new() { RedirectAll = ReadAll(all) }
                : throw Invalid("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
        }

        var suffix = One(root, Index) is { } index ? OnlyKeyOf(index, "Suffix")
            : throw S3Exception.Argument(
                "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty", "IndexDocument", "null");
        var errorKey = One(root, Error) is { } error ? OnlyKeyOf(error, "Key") : null;
        return suffix is not { Length: > 0 } || suffix.Contains('/')
            ? throw S3Exception.Argument("The IndexDocument Suffix is not well formed", "IndexDocument", suffix ?? "")
            : errorKey is ""
                ? throw S3Exception.Argument("The ErrorDocument Key is not well formed", "ErrorDocument", errorKey)
                : new() { IndexSuffix = suffix, ErrorKey = errorKey, Rules = One(root, RuleList) is { } rules ? ReadRules(rules) : [] };
    }

    private static RedirectTarget ReadAll(XElement element)
    {
        RequireOnly(element, "HostName", "Protocol");
        return new()
        {
            Host = ReadHost(element) ?? throw Invalid("A host name must be provided to redirect all requests (e.g. \"example.com\")."),
            Protocol = ReadProtocol(element),
        };
    }

    private static List<RoutingRule> ReadRules(XElement element)
    {
        RequireOnly(element, "RoutingRule");
        var rules = element.Elements().Select(ReadRule).ToList();
        return rules.Count switch
        {
            0 => throw Malformed(),
            > MostRules => throw Invalid(
                $"{rules.Count} routing rules provided, the number of routing rules in a website configuration is limited to {MostRules}."),
            _ => rules,
        };
    }

    private static RoutingRule ReadRule(XElement element)
    {
        RequireOnly(element, "Condition", "Redirect");
        var redirect = One(element, "Redirect") ?? throw Malformed();
        var (prefix, error) = (default(string), default(int?));
        if (One(element, "Condition") is { } condition)
        {
            RequireOnly(condition, "HttpErrorCodeReturnedEquals", "KeyPrefixEquals");
            (prefix, error) = (KeyOf(condition, "KeyPrefixEquals"), CodeOf(condition, "HttpErrorCodeReturnedEquals"));
            if (prefix is null && error is null)
            {
                throw Invalid("Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be "
                    + "present.");
            }
        }

        return error is < 400 or > 599
            ? throw Invalid($"The provided HTTP error code ({error}) is not valid. Valid codes are 4XX or 5XX.")
            : new(prefix, error, ReadTarget(redirect));
    }

    private static RedirectTarget ReadTarget(XElement element)
    {
        RequireOnly(element, "HostName", "HttpRedirectCode", "Protocol", "ReplaceKeyPrefixWith", "ReplaceKeyWith");
        if (!element.HasElements)
        {
            throw Malformed();
        }

        var target = new RedirectTarget
        {
            Host = ReadHost(element),
            Protocol = ReadProtocol(element),
            ReplaceKey = KeyOf(element, "ReplaceKeyWith"),
            ReplacePrefix = KeyOf(element, "ReplaceKeyPrefixWith"),
            Code = CodeOf(element, "HttpRedirectCode"),
        };
        return target.Code is <= 300 or > 399
            ? throw Invalid($"The provided HTTP redirect code ({target.Code}) is not valid. Valid codes are 3XX except 300.")
            : target is { ReplaceKey: not null, ReplacePrefix: not null }
                ? throw Invalid("You can only define ReplaceKeyPrefix or ReplaceKey but not both.") : target;
    }

    /// <summary>A host, perhaps with a port. Nothing else may get into a location.</summary>
    private static string? ReadHost(XElement parent)
    {
        if (One(parent, "HostName")?.Value is not { } host)
        {
            return null;
        }

        return host.Length is > 0 and <= 255 && !host.AsSpan().ContainsAnyExcept(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]")
            ? host : throw Invalid("The host name is not well formed.");
    }

    private static string? ReadProtocol(XElement parent) => One(parent, "Protocol")?.Value switch
    {
        null => null,
        "http" => "http",
        "https" => "https",
        _ => throw Invalid(
            "Invalid protocol, protocol can be http or https. If not defined, the protocol will be selected automatically."),
    };

    private static int? CodeOf(XElement parent, string name) => One(parent, name)?.Value is not { } text ? null
        : int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : throw Malformed();

    private static string? OnlyKeyOf(XElement parent, string name)
    {
        RequireOnly(parent, name);
        return KeyOf(parent, name);
    }

    /// <summary>A key or a part of one, none longer than a key can be: each request to the website is compared with them.</summary>
    private static string? KeyOf(XElement parent, string name)
    {
        var text = One(parent, name)?.Value;
        ObjectKeys.Check(text ?? "");
        return text;
    }

    private static XElement? One(XElement parent, string name)
    {
        var found = parent.Children(name).Take(2).ToList();
        return found.Count > 1 ? throw Malformed() : found.FirstOrDefault();
    }

    private static void RequireOnly(XElement parent, params ReadOnlySpan<string> names)
    {
        foreach (var element in parent.Elements())
        {
            if (!names.Contains(element.Name.LocalName))
            {
                throw Malformed();
            }
        }
    }

    private static S3Exception Invalid(string message) => new(S3Errors.InvalidRequest, message);

    private static S3Exception Malformed() => new(S3Errors.MalformedXml);
}
