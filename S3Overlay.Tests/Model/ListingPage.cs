using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>A page of a listing, asked for and held against the model.</summary>
internal static class ListingPage
{
    /// <summary>Asks for the next page.</summary>
    /// <returns>Where the one after it begins; null after the last one.</returns>
    public static async Task<ListingCursor?> NextAsync(ModelScene scene, ListingCursor cursor)
    {
        var answer = await scene.SendAsync("GET", cursor.Bucket, null, QueryOf(cursor));
        if (!cursor.Bucket.Exists)
        {
            Expect.Status(answer, 404);
            return null;
        }

        if (answer.Status == 503 && scene.Trouble.IsDown && !cursor.Bucket.IsOpaque)
        {
            return cursor.Token is null ? null : cursor;
        }

        Expect.Status(answer, 200);
        var page = XElement.Parse(answer.Text);
        var rows = RowsOf(page);
        var rest = cursor.Rest();
        var expected = rest.Take(cursor.PageSize).ToList();
        Expect.Same(string.Join("; ", expected.Select(row => row.Told)), string.Join("; ", rows), "The page");
        var isTruncated = Text(page, "IsTruncated") == "true";
        Expect.Same(rest.Count > expected.Count, isTruncated, "IsTruncated");
        foreach (var row in expected.Where(row => row.Version is not null))
        {
            // A copy that differs from the row is dropped before the page is sent (rule T2).
            if (!cursor.Bucket.IsDecidedHere(row.Name))
            {
                cursor.Bucket.Drop(key => key == row.Name);
                cursor.Bucket.MayHaveKept(row.Name);
            }
        }

        return isTruncated ? cursor with { Last = expected[^1], Token = TokenOf(cursor, page, expected[^1].Name) } : null;
    }

    private static string QueryOf(ListingCursor cursor)
    {
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"{(cursor.IsVersion2 ? "list-type=2&" : "")}encoding-type=url&max-keys={cursor.PageSize}&prefix={UriEncoding.EncodeComponent(cursor.Prefix)}&delimiter={UriEncoding.EncodeComponent(cursor.Delimiter)}");
        return cursor.Token is { } token ? $"{query}&{(cursor.IsVersion2 ? "continuation-token" : "marker")}={UriEncoding.EncodeComponent(token)}" : query;
    }

    /// <summary>Without a delimiter version 1 has clients take the last key.</summary>
    private static string TokenOf(ListingCursor cursor, XElement page, string last) =>
        cursor.IsVersion2 ? Text(page, "NextContinuationToken")!
        : Text(page, "NextMarker") is { } marker ? Uri.UnescapeDataString(marker.Replace('+', ' '))
        : cursor.Delimiter.Length == 0 ? last
        : throw new Mismatch("There is no NextMarker.");

    private static List<string> RowsOf(XElement page) =>
    [
        .. page.Elements().Where(element => element.Name.LocalName is "Contents" or "CommonPrefixes")
            .Select(element => (Name: Name(element), Element: element))
            .OrderBy(row => row.Name, ModelBucket.ByBytes)
            .Select(row => row.Element.Name.LocalName == "CommonPrefixes" ? $"{row.Name} (prefix)" : $"{row.Name} {Text(row.Element, "ETag")} {Text(row.Element, "Size")}"),
    ];

    private static string Name(XElement row) => Uri.UnescapeDataString((Text(row, "Key") ?? Text(row, "Prefix") ?? "").Replace('+', ' '));

    private static string? Text(XElement element, string name) => element.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value;
}
