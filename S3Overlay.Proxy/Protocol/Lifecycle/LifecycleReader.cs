using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Lifecycle;

/// <summary>Reads lifecycle documents and refuses what S3 refuses, and what would not be kept.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html</remarks>
internal static class LifecycleReader
{
    private const int MostRules = 1000;
    private const int LongestId = 255;
    private const int MostKept = 100;

    private static readonly string[] Known =
    [
        "ID", "Prefix", "Filter", "Status", "Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", "Transition",
        "NoncurrentVersionTransition",
    ];

    /// <summary>Reads a document. A rule without an id gets one.</summary>
    /// <exception cref="S3Exception">MalformedXML, InvalidArgument, InvalidRequest; NotImplemented for transitions.</exception>
    public static LifecycleConfiguration Read(XElement root)
    {
        var elements = root.Elements().ToList();
        if (root.Name.LocalName != LifecycleConfiguration.Root || elements.Count is 0 or > MostRules
            || elements.Exists(static element => element.Name.LocalName != "Rule"))
        {
            throw Malformed();
        }

        var rules = elements.ConvertAll(ReadRule);
        if (rules.Select(static rule => rule.Id).Distinct(StringComparer.Ordinal).Count() < rules.Count)
        {
            throw S3Exception.Argument("Rule ID must be unique. Found same ID for more than one rule", "ID");
        }

        return rules.Exists(static rule => rule.Filter.IsBasePrefix) && rules.Exists(static rule => !rule.Filter.IsBasePrefix)
            ? throw new S3Exception(S3Errors.InvalidRequest,
                "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.")
            : new LifecycleConfiguration(rules);
    }

    private static LifecycleRule ReadRule(XElement element)
    {
        RequireOnly(element, Known);
        var id = One(element, "ID")?.Value ?? "";
        if (id.Length > LongestId)
        {
            throw S3Exception.Argument("ID length should not exceed allowed limit of 255", "ID", id);
        }

        RefuseTransitions(element);
        var rule = new LifecycleRule
        {
            Id = id.Length > 0 ? id : Guid.NewGuid().ToString("n"),
            IsEnabled = One(element, "Status")?.Value switch
            {
                "Enabled" => true,
                "Disabled" => false,
                _ => throw Malformed(),
            },
            Filter = LifecycleFilterReader.Read(element),
        };
        rule = ReadExpiration(element, rule);
        if (One(element, "NoncurrentVersionExpiration") is { } noncurrent)
        {
            RequireOnly(noncurrent, "NoncurrentDays", "NewerNoncurrentVersions");
            rule = rule with
            {
                NoncurrentDays = Days(noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration") ?? throw Malformed(),
                KeptNoncurrent = Positive(noncurrent, "NewerNoncurrentVersions", "NoncurrentVersionExpiration", MostKept),
            };
        }

        if (One(element, "AbortIncompleteMultipartUpload") is { } abort)
        {
            RequireOnly(abort, "DaysAfterInitiation");
            rule = rule with
            {
                AbortDays = Days(abort, "DaysAfterInitiation", "AbortIncompleteMultipartUpload") ?? throw Malformed(),
            };
        }

        RequireSense(rule);
        return rule;
    }

    private static LifecycleRule ReadExpiration(XElement element, LifecycleRule rule)
    {
        if (One(element, "Expiration") is not { } expiration)
        {
            return rule;
        }

        RequireOnly(expiration, "Days", "Date", "ExpiredObjectDeleteMarker");
        return expiration.Elements().Count() != 1 ? throw Malformed() : rule with
        {
            Days = Days(expiration, "Days", "Expiration"),
            Date = One(expiration, "Date") is { } date ? Midnight(date.Value) : null,
            ExpiresMarkers = One(expiration, "ExpiredObjectDeleteMarker")?.Value switch
            {
                null => null,
                "true" => true,
                "false" => false,
                _ => throw Malformed(),
            },
        };
    }

    private static void RequireSense(LifecycleRule rule)
    {
        if (rule is { Days: null, Date: null, ExpiresMarkers: null, NoncurrentDays: null, AbortDays: null })
        {
            throw new S3Exception(S3Errors.InvalidRequest, "At least one action needs to be specified in a rule");
        }

        var unfit = !rule.Filter.NeedsObject ? null
            : rule.ExpiresMarkers is not null ? "ExpiredObjectDeleteMarker"
            : rule.AbortDays is not null ? "AbortIncompleteMultipartUpload"
            : null;
        if (unfit is not null)
        {
            var what = rule.Filter.Tags.Count > 0 ? "Tags" : "Object Size";
            throw new S3Exception(S3Errors.InvalidRequest, $"{unfit} cannot be specified with {what}.");
        }
    }

    /// <summary>There is one storage class. A date is checked first, as its error is the document's own.</summary>
    private static void RefuseTransitions(XElement rule)
    {
        var transitions = rule.Elements()
            .Where(static element => element.Name.LocalName is "Transition" or "NoncurrentVersionTransition").ToList();
        foreach (var date in transitions.SelectMany(static transition => transition.Children("Date")))
        {
            Midnight(date.Value);
        }

        if (transitions.Count > 0)
        {
            throw new S3Exception(S3Errors.NotImplemented,
                "This server has one class of storage, so lifecycle rules cannot have transitions. Remove them from the rules.");
        }
    }

    /// <summary>A date that is a midnight in UTC.</summary>
    private static DateTimeOffset Midnight(string text)
    {
        if (!HttpDates.TryParseXml(text, out var date)
            && !DateTimeOffset.TryParseExact(
                text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date))
        {
            throw Malformed();
        }

        return date.TimeOfDay == TimeSpan.Zero ? date : throw S3Exception.Argument("'Date' must be at midnight GMT", "Date", text);
    }

    private static int? Days(XElement action, string name, string of) => Positive(action, name, of, int.MaxValue);

    private static int? Positive(XElement action, string name, string of, int most)
    {
        if (One(action, name) is not { } element)
        {
            return null;
        }

        if (!long.TryParse(element.Value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            throw Malformed();
        }

        return number < 1 ? throw S3Exception.Argument($"'{name}' for {of} action must be a positive integer", name, element.Value)
            : number > most ? throw S3Exception.Argument($"'{name}' for {of} action must be at most {most}", name, element.Value)
            : (int)number;
    }

    /// <summary>The only child of a name, or null.</summary>
    internal static XElement? One(XElement parent, string name)
    {
        var found = parent.Children(name).Take(2).ToList();
        return found.Count > 1 ? throw Malformed() : found.FirstOrDefault();
    }

    /// <summary>Refuses elements that are not known: a rule without them might delete more.</summary>
    internal static void RequireOnly(XElement parent, params string[] names)
    {
        if (parent.Elements().Any(element => !names.Contains(element.Name.LocalName)))
        {
            throw Malformed();
        }
    }

    internal static S3Exception Malformed() => new(S3Errors.MalformedXml);
}
