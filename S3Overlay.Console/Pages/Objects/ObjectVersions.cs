using System.Globalization;
using System.Xml.Linq;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Objects;

/// <summary>A version of an object, or a delete marker.</summary>
internal sealed record ObjectVersion(string Id, bool IsLatest, bool IsDelete, DateTimeOffset? Modified, long? Size, string? ETag)
{
    /// <summary>The most versions that are shown.</summary>
    public const int Most = 100;

    /// <summary>The newest versions of a key, the newest first, and whether there are more.</summary>
    /// <exception cref="ProxyError">The key may not list them, or the proxy cannot.</exception>
    public static async Task<(IReadOnlyList<ObjectVersion> Versions, bool HasMore)> ListAsync(
        ProxyGateway gateway, string bucket, string key, CancellationToken cancellationToken)
    {
        // The key itself comes before all longer ones.
        var query = "versions&" + new ProxyQuery().With("prefix", key).With("encoding-type", "url")
            .With("max-keys", Most.ToString(CultureInfo.InvariantCulture));
        await using var response = await gateway.S3Async(new("GET", ProxyQuery.PathOf(bucket), query), cancellationToken);
        var document = await XDocument.LoadAsync(response.Body, LoadOptions.None, cancellationToken);
        var rows = document.Root!.Elements().Where(static row => row.Name.LocalName is "Version" or "DeleteMarker").ToList();
        var own = rows.Where(row => Decoded(Value(row, "Key")) == key).ToList();
        return ([.. own.Select(Of)], own.Count == rows.Count && Value(document.Root!, "IsTruncated") == "true");
    }

    private static ObjectVersion Of(XElement row) => new(
        Value(row, "VersionId") ?? "", Value(row, "IsLatest") == "true", row.Name.LocalName == "DeleteMarker",
        DateTimeOffset.TryParse(
            Value(row, "LastModified"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
        long.TryParse(Value(row, "Size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null, Value(row, "ETag"));

    private static string? Value(XElement of, string name) => of.Elements().FirstOrDefault(each => each.Name.LocalName == name)?.Value;

    private static string? Decoded(string? text) => text is null ? null : Uri.UnescapeDataString(text.Replace('+', ' '));
}
