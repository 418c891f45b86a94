using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>The CORS rules of a bucket: which pages of other origins may do what.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html</remarks>
public sealed class CorsRules
{
    private const int MostRules = 100;
    private const int LargestDocument = 64 * 1024;
    private const string Root = "CORSConfiguration";
    private const string AllowedOrigin = "AllowedOrigin";
    private const string AllowedMethod = "AllowedMethod";
    private const string AllowedHeader = "AllowedHeader";
    private const string ExposeHeader = "ExposeHeader";

    private static readonly string[] Methods = ["GET", "PUT", "POST", "DELETE", "HEAD"];
    private static readonly ConditionalWeakTable<string, CorsRules> Known = [];

    private readonly List<CorsRule> _rules;

    private CorsRules(List<CorsRule> rules) => _rules = rules;

    /// <summary>The rules of a document that was checked before. Parsed once for each document.</summary>
    public static CorsRules Of(string document) =>
        Known.GetValue(document, static text =>
            new CorsRules([.. S3XmlReader.Parse(Encoding.UTF8.GetBytes(text)).Children("CORSRule").Select(Read)]));

    /// <summary>Reads the document of PutBucketCors.</summary>
    /// <returns>The document as GetBucketCors sends it.</returns>
    /// <exception cref="S3Exception">MalformedXML, MissingRequestBody, InvalidRequest.</exception>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html</remarks>
    public static async Task<string> ReadAsync(S3Request request, CancellationToken cancellationToken)
    {
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken, LargestDocument)
            ?? throw new S3Exception(S3Errors.MissingRequestBody);
        var rules = root.Name.LocalName == Root ? root.Children("CORSRule").Select(Read).ToList() : [];
        if (rules.Count is 0 or > MostRules)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        rules.ForEach(Check);
        var xml = new S3XmlWriter().Root(Root);
        foreach (var rule in rules)
        {
            xml.Open("CORSRule").Optional("ID", rule.Id);
            Write(AllowedOrigin, rule.Origins);
            Write(AllowedMethod, rule.Methods);
            Write(AllowedHeader, rule.Headers);
            Write(ExposeHeader, rule.Exposed);
            xml.Optional("MaxAgeSeconds", rule.MaxAge).Close("CORSRule");
        }

        return xml.Close(Root).TakeText();

        void Write(string name, IReadOnlyList<string> values)
        {
            foreach (var value in values)
            {
                xml.Element(name, value);
            }
        }
    }

    /// <summary>The first rule that allows a request; null if none does.</summary>
    /// <param name="origin">The page's origin.</param>
    /// <param name="method">The method, of a preflight the one that it asks for.</param>
    /// <param name="headers">The headers that a preflight asks for.</param>
    public CorsRule? Find(string origin, string method, IReadOnlyList<string> headers) => _rules.Find(rule =>
        rule.Methods.Contains(method)
        && rule.Origins.Any(pattern => Matches(pattern, origin, StringComparison.Ordinal))
        && headers.All(header => rule.Headers.Any(pattern => Matches(pattern, header, StringComparison.OrdinalIgnoreCase))));

    private static CorsRule Read(XElement rule)
    {
        IReadOnlyList<string> All(string name) => [.. rule.Children(name).Select(static each => each.Value.Trim())];
        return new CorsRule(rule.ChildText("ID"), All(AllowedOrigin), All(AllowedMethod), All(AllowedHeader), All(ExposeHeader),
            rule.ChildText("MaxAgeSeconds"));
    }

    private static void Check(CorsRule rule)
    {
        if (rule.Origins.Count == 0 || rule.Methods.Count == 0 || rule.Id is { Length: > 255 }
            || (rule.MaxAge is { } age && !int.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        foreach (var method in rule.Methods.Where(static method => !Methods.Contains(method)))
        {
            throw Wrong($"Found unsupported HTTP method in CORS config. Unsupported method is {method}");
        }

        foreach (var (name, values) in ((string, IReadOnlyList<string>)[])[(AllowedOrigin, rule.Origins), (AllowedHeader, rule.Headers)])
        {
            foreach (var value in values.Where(static value => value.AsSpan().Count('*') > 1))
            {
                throw Wrong($"{name} \"{value}\" can not have more than one wildcard.");
            }
        }

        foreach (var value in rule.Exposed.Where(static value => value.Contains('*', StringComparison.Ordinal)))
        {
            throw Wrong($"ExposeHeader \"{value}\" contains wildcard. We currently do not support wildcard for ExposeHeader.");
        }

        // They are sent in headers.
        if (rule.Origins.Concat(rule.Headers).Concat(rule.Exposed).Any(static value => value.Length == 0 || value.Any(char.IsControl)))
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }
    }

    private static bool Matches(string pattern, string text, StringComparison how)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0 ? pattern.Equals(text, how)
            : text.Length >= pattern.Length - 1 && text.StartsWith(pattern[..star], how) && text.EndsWith(pattern[(star + 1)..], how);
    }

    private static S3Exception Wrong(string problem) => new(S3Errors.InvalidRequest, problem);
}

/// <summary>One rule. <c>*</c> in an origin or header matches any text.</summary>
/// <param name="Id">Its name; null for none.</param>
/// <param name="Origins">The origins of pages.</param>
/// <param name="Methods">What they may do.</param>
/// <param name="Headers">The headers that they may send.</param>
/// <param name="Exposed">The headers that they may read.</param>
/// <param name="MaxAge">How long a browser may remember a preflight, in seconds; null for its own limit.</param>
public sealed record CorsRule(
    string? Id, IReadOnlyList<string> Origins, IReadOnlyList<string> Methods, IReadOnlyList<string> Headers,
    IReadOnlyList<string> Exposed, string? MaxAge);
