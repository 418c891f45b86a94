using System.Globalization;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>A bucket's Object Lock: enabled for ever, with or without a retention that new versions get.</summary>
/// <param name="Mode">The mode of the default retention; null for none.</param>
/// <param name="Days">Its length in days; 0 if it is in years.</param>
/// <param name="Years">Its length in years; 0 if it is in days.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html</remarks>
public sealed record LockConfiguration(RetentionMode? Mode, int Days, int Years)
{
    /// <summary>The sub-resource.</summary>
    public const string Name = "object-lock";

    /// <summary>Enabled, without a default retention.</summary>
    public static readonly LockConfiguration Enabled = new(null, 0, 0);

    private const string Root = "ObjectLockConfiguration";
    private const int MostDays = 36_500;
    private const int MostYears = 100;

    /// <summary>Reads a document.</summary>
    /// <exception cref="S3Exception">MalformedXML; InvalidRetentionPeriod for a period that is not positive, or too long.</exception>
    public static LockConfiguration Read(XElement root)
    {
        if (root.Name.LocalName != Root || root.ChildText("ObjectLockEnabled") != nameof(Enabled))
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        if (root.Children("Rule").ToList() is not [var rule, ..] rules)
        {
            return Enabled;
        }

        if (rules.Count > 1 || rule.Children("DefaultRetention").ToList() is not [var retention]
            || !RetentionModes.TryParse(retention.ChildText("Mode"), out var mode))
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var (days, years) = (retention.ChildText("Days"), retention.ChildText("Years"));
        return (days is null) == (years is null) ? throw new S3Exception(S3Errors.MalformedXml)
            : days is not null ? new(mode, Period(days, MostDays), 0)
            : new(mode, 0, Period(years!, MostYears));
    }

    /// <summary>Reads a document that <see cref="Write"/> wrote.</summary>
    public static LockConfiguration Parse(string document) => Read(S3XmlReader.Parse(Encoding.UTF8.GetBytes(document)));

    /// <summary>The document.</summary>
    public S3XmlWriter Write()
    {
        var xml = new S3XmlWriter().Root(Root).Element("ObjectLockEnabled", nameof(Enabled));
        if (Mode is { } mode)
        {
            xml.Open("Rule").Open("DefaultRetention").Element("Mode", RetentionModes.Name(mode));
            xml = Days > 0 ? xml.Element("Days", Days) : xml.Element("Years", Years);
            xml.Close("DefaultRetention").Close("Rule");
        }

        return xml.Close(Root);
    }

    /// <summary>The lock of a version written now that asks for none; null without a default retention.</summary>
    public ObjectLock? DefaultAt(DateTimeOffset now) => Mode is null ? null
        : new ObjectLock { Mode = Mode, Until = HttpDates.WholeSeconds(Days > 0 ? now.AddDays(Days) : now.AddYears(Years)) };

    private static int Period(string text, int most) =>
        !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var period)
            ? throw new S3Exception(S3Errors.MalformedXml)
            : period < 1 ? throw Invalid("Default retention period must be a positive integer value.")
            : period > most ? throw Invalid($"Default retention period too large, maximum is {most}.")
            : period;

    private static S3Exception Invalid(string message) => new(S3Errors.InvalidRetentionPeriod, message);
}
