using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Requests a page of a listing and checks it against the model.</summary>
internal static class ListingPage
{
    /// <returns>Where the one after it begins; null after the last one.</returns>
    public static async Task<ListingCursor?> NextAsync(ModelScene scene, ListingCursor cursor)
    {
        var response = await scene.SendAsync("GET", cursor.Bucket, null, QueryOf(cursor));
        if (!cursor.Bucket.Exists)
        {
            Expect.Status(response, 404);
            return null;
        }

        if (response.Status == 503 && ((scene.Trouble.IsDown && !cursor.Bucket.IsOpaque) || MayFailToEvict(scene, cursor)))
        {
            return cursor.Token is null ? null : cursor;
        }

        Expect.Status(response, 200);
        var page = XElement.Parse(response.Text);
        var told = RowsOf(page);
        var isTruncated = Text(page, "IsTruncated") == "true";
        var shown = Match(cursor.Rest(scene), told, cursor.PageSize, isTruncated);
        foreach (var (item, row) in shown.Zip(told).Where(pair => !pair.First.IsPrefix && !cursor.Bucket.IsDecidedHere(pair.First.Name)))
        {
            // An entry that differs from the row is evicted before the page is sent (rule T2).
            cursor.Bucket.EntriesOf(item.Name).KeepOnly(item.VersionOf(row));
            scene.Absences.Forget(scene.Proxy, cursor.Bucket, item.Name);
        }

        if (isTruncated)
        {
            // The next row may be looked at as well, and compared like those that are shown.
            foreach (var item in cursor.Rest(scene).SkipWhile(item => item.Name != shown[^1].Name).Skip(1)
                .Where(item => !item.IsPrefix && !cursor.Bucket.IsDecidedHere(item.Name)))
            {
                var copies = cursor.Bucket.EntriesOf(item.Name);
                if (copies.Certain is { } certain && certain.Version != cursor.Bucket.Remote.GetValueOrDefault(item.Name))
                {
                    copies.Doubt();
                }
            }
        }

        return isTruncated ? cursor with { Last = shown[^1], Token = TokenOf(cursor, page, shown[^1].Name) } : null;
    }

    /// <summary>An entry in an S3 store is evicted by a write, and an old one must not stay.</summary>
    private static bool MayFailToEvict(ModelScene scene, ListingCursor cursor) =>
        scene.IsFull && scene.Layer != ModelLayer.Embedded && cursor.Rest(scene).Any(item => !item.IsPrefix && cursor.Bucket
            .EntriesOf(item.Name).Possible.Keys.Any(version => version != cursor.Bucket.Remote.GetValueOrDefault(item.Name)));

    /// <summary>
    /// Finds the rows of a page among those that may be left, and refuses a page that shows others, or fewer than it must.
    /// </summary>
    private static List<ListingItem> Match(List<ListingItem> rest, List<string> told, int pageSize, bool isTruncated)
    {
        string Pages() =>
            $"The page is {string.Join("; ", told)}{(isTruncated ? " and more" : "")}, "
            + $"and should be the first {pageSize} of {string.Join("; ", rest)}.";
        var shown = new List<ListingItem>();
        var left = new Queue<ListingItem>(rest);
        while (shown.Count < pageSize && left.TryDequeue(out var item))
        {
            if (shown.Count < told.Count && item.IsTold(told[shown.Count]))
            {
                shown.Add(item);
                continue;
            }

            Expect.That(item.MayBeMissing, Pages());
        }

        Expect.That(shown.Count == told.Count, Pages());
        Expect.That(isTruncated ? left.Count > 0 : left.All(item => item.MayBeMissing), Pages());
        return shown;
    }

    private static string QueryOf(ListingCursor cursor)
    {
        var kind = cursor.Kind switch { ListingKind.Version2 => "list-type=2&", ListingKind.Versions => "versions&", _ => "" };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{kind}encoding-type=url&max-keys={cursor.PageSize}&prefix={UriEncoding.EncodeComponent(cursor.Prefix)}"
            + $"&delimiter={UriEncoding.EncodeComponent(cursor.Delimiter)}{cursor.Token}");
    }

    /// <summary>In version 1 without a delimiter, clients continue after the last key.</summary>
    private static string TokenOf(ListingCursor cursor, XElement page, string last) => cursor.Kind switch
    {
        ListingKind.Version2 => Parameter("continuation-token", Text(page, "NextContinuationToken")),
        ListingKind.Versions => Parameter("key-marker", Decoded(Text(page, "NextKeyMarker")))
            + (Text(page, "NextVersionIdMarker") is { } id ? Parameter("version-id-marker", id) : ""),
        _ => Parameter("marker", Text(page, "NextMarker") is { } marker ? Decoded(marker) : cursor.Delimiter.Length == 0 ? last : null),
    };

    private static string Parameter(string name, string? value) =>
        $"&{name}={UriEncoding.EncodeComponent(value ?? throw new Mismatch($"More follows, and there is no {name}."))}";

    private static List<string> RowsOf(XElement page) =>
    [
        .. page.Elements().Where(element => element.Name.LocalName is "Contents" or "CommonPrefixes" or "Version" or "DeleteMarker")
            .Select(element => (Name: Name(element), Element: element))
            .OrderBy(row => row.Name, ModelBucket.ByBytes)
            .Select(row => Told(row.Name, row.Element)),
    ];

    private static string Told(string name, XElement row) => row.Name.LocalName switch
    {
        "CommonPrefixes" => $"{name} (prefix)",
        "Version" when (Text(row, "VersionId"), Text(row, "IsLatest")) != ("null", "true") =>
            $"{name} of version {Text(row, "VersionId")}, latest: {Text(row, "IsLatest")}",
        _ => $"{name} {Text(row, "ETag")} {Text(row, "Size")}",
    };

    private static string? Decoded(string? text) => text is null ? null : Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string Name(XElement row) => Decoded(Text(row, "Key") ?? Text(row, "Prefix")) ?? "";

    private static string? Text(XElement element, string name) => element.Elements()
        .FirstOrDefault(child => child.Name.LocalName == name)?.Value;
}
