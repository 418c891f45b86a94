using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>A row of ListObjectVersions.</summary>
/// <param name="Id">Empty for a common prefix.</param>
internal sealed record ListedVersion(string Key, string Id, bool IsMarker, bool IsLatest, string ETag, long Size, DateTimeOffset Modified)
{
    public const string Prefix = "";

    /// <summary>What is wrong if this is the row of a version. Null for nothing.</summary>
    public string? Difference(ModelVersion version, bool isLatest) =>
        version.IsMarker != IsMarker ? $"{Id} is {(IsMarker ? "a" : "no")} delete marker"
        : version.Id != Id && !(version.Id == ModelVersion.Unknown && Id != ModelVersion.Null) ? $"{Id} instead of {version.Id}"
        : IsLatest != isLatest ? $"{Id} is {(IsLatest ? "" : "not ")}the latest"
        : version.Object is { } item && (item.ETag != ETag || item.Bytes.Length != Size) ? $"{Id} has the ETag {ETag} and {Size} bytes"
        : Modified.Date != version.Written.Date ? $"{Id} is of {Modified:u}"
        : null;
}

/// <summary>Reads ListObjectVersions page by page.</summary>
internal static class VersionListing
{
    /// <returns>The rows in order. A common prefix has no id.</returns>
    /// <exception cref="Mismatch">A page but the last is not full, or a page does not say where the next begins.</exception>
    public static async Task<List<ListedVersion>> ReadAsync(
        VersionScene scene, string bucket, string prefix, string delimiter, int pageSize)
    {
        var rows = new List<ListedVersion>();
        for (var next = ""; ;)
        {
            var response = await scene.SendAsync(ModelCaller.Owner, "GET", bucket, null, string.Create(CultureInfo.InvariantCulture,
                $"versions&max-keys={pageSize}&prefix={UriEncoding.EncodeComponent(prefix)}")
                + $"&delimiter={UriEncoding.EncodeComponent(delimiter)}{next}");
            Expect.Status(response, 200);
            var page = XElement.Parse(response.Text);
            var told = page.Elements().Where(static row => row.Name.LocalName is "Version" or "DeleteMarker" or "CommonPrefixes")
                .Select(Row).ToList();

            // Prefixes come last in the document.
            rows.AddRange(told.Order(Comparer<ListedVersion>.Create(static (a, b) => ModelBucket.ByBytes.Compare(a.Key, b.Key))));
            if (Text(page, "IsTruncated") != "true")
            {
                Expect.That(told.Count <= pageSize, $"A page of {pageSize} has {told.Count} rows.");
                return rows;
            }

            Expect.Same(pageSize, told.Count, "The size of a page");
            next = $"&key-marker={UriEncoding.EncodeComponent(Text(page, "NextKeyMarker") ?? throw new Mismatch("No NextKeyMarker."))}"
                + (Text(page, "NextVersionIdMarker") is { } id ? $"&version-id-marker={UriEncoding.EncodeComponent(id)}" : "");
        }
    }

    public static string? Text(XElement element, string name) => element.Elements()
        .FirstOrDefault(child => child.Name.LocalName == name)?.Value;

    private static ListedVersion Row(XElement row) => row.Name.LocalName == "CommonPrefixes"
        ? new(Text(row, "Prefix")!, ListedVersion.Prefix, false, false, "", 0, default)
        : new(Text(row, "Key")!, Text(row, "VersionId")!, row.Name.LocalName == "DeleteMarker", Text(row, "IsLatest") == "true",
            Text(row, "ETag") ?? "", long.Parse(Text(row, "Size") ?? "0", CultureInfo.InvariantCulture),
            DateTimeOffset.Parse(Text(row, "LastModified")!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal));
}
