using System.Globalization;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Lifecycle;

/// <summary>Reads which objects a rule is about.</summary>
internal static class LifecycleFilterReader
{
    private const int LongestPrefix = 1024;
    private const int LongestTagName = 128;
    private const int LongestTagValue = 256;

    private static readonly string[] Conditions = ["Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];

    /// <summary>Reads the filter of a rule, or its own prefix. One of them must be there.</summary>
    public static LifecycleFilter Read(XElement rule)
    {
        var (prefix, filter) = (LifecycleReader.One(rule, "Prefix"), LifecycleReader.One(rule, "Filter"));
        if ((prefix is null) == (filter is null))
        {
            throw LifecycleReader.Malformed();
        }

        if (prefix is not null)
        {
            return new LifecycleFilter { Prefix = Checked(prefix.Value), IsBasePrefix = true };
        }

        LifecycleReader.RequireOnly(filter!, [.. Conditions, "And"]);
        if (LifecycleReader.One(filter!, "And") is { } all)
        {
            LifecycleReader.RequireOnly(all, Conditions);
            var joined = ReadConditions(all) with { IsAnd = true };
            return joined.Count >= 2 && filter!.Elements().Count() == 1 ? joined : throw LifecycleReader.Malformed();
        }

        var one = ReadConditions(filter!);
        return one.Count <= 1 ? one : throw LifecycleReader.Malformed();
    }

    private static LifecycleFilter ReadConditions(XElement element)
    {
        var filter = new LifecycleFilter
        {
            Prefix = LifecycleReader.One(element, "Prefix") is { } prefix ? Checked(prefix.Value) : null,
            Tags = [.. element.Children("Tag").Select(ReadTag)],
            LargerThan = Size(element, "ObjectSizeGreaterThan", 0),
            SmallerThan = Size(element, "ObjectSizeLessThan", 1),
        };
        if (filter.Tags.Select(static tag => tag.Key).Distinct(StringComparer.Ordinal).Count() < filter.Tags.Count)
        {
            throw new S3Exception(S3Errors.InvalidRequest, "Duplicate Tag Keys are not allowed.");
        }

        return filter.SmallerThan <= filter.LargerThan
            ? throw new S3Exception(S3Errors.InvalidRequest,
                "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
            : filter;
    }

    private static KeyValuePair<string, string> ReadTag(XElement tag)
    {
        LifecycleReader.RequireOnly(tag, "Key", "Value");
        var (name, value) = (LifecycleReader.One(tag, "Key")?.Value, LifecycleReader.One(tag, "Value")?.Value);
        return name is null ? throw LifecycleReader.Malformed()
            : name.Length is 0 or > LongestTagName ? throw S3Exception.Argument("The TagKey you have provided is invalid", "Key", name)
            : value?.Length > LongestTagValue ? throw S3Exception.Argument("The TagValue you have provided is invalid", "Value", value)
            : new(name, value ?? "");
    }

    private static long? Size(XElement element, string name, long least)
    {
        if (LifecycleReader.One(element, name) is not { } size)
        {
            return null;
        }

        return !long.TryParse(size.Value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bytes)
            ? throw LifecycleReader.Malformed()
            : bytes >= least ? bytes
            : throw S3Exception.Argument($"'{name}' must be at least {least}", name, size.Value);
    }

    private static string Checked(string prefix) => Encoding.UTF8.GetByteCount(prefix) <= LongestPrefix ? prefix
        : throw new S3Exception(S3Errors.InvalidRequest, $"The maximum size of a prefix is {LongestPrefix}.");
}
