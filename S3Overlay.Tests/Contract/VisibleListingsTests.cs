using System.Xml.Linq;

using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Listings without hidden names, compared with those of a bucket that never had them.</summary>
[Trait("Rule", "A8")]
public sealed class VisibleListingsTests
{
    private const int Rounds = 150;

    [Theory]
    [InlineData(S3Operation.ListObjects)]
    [InlineData(S3Operation.ListObjectsV2)]
    [InlineData(S3Operation.ListObjectVersions)]
    public async Task Pages_are_those_of_a_bucket_without_the_hidden_keys(S3Operation operation)
    {
        var random = new Random(25);
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        await proxy.SendAsync("PUT", "/bucket");
        var keys = Enumerable.Range(0, 80).Select(_ => TextOf(random, 1, 5)).Distinct().Order(Utf8Order.Instance).ToList();
        foreach (var key in keys)
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/" + UriEncoding.EncodeKey(key), "x")).Status);
        }

        for (var round = 0; round < Rounds; round++)
        {
            var names = Enumerable.Range(0, random.Next(1, 4)).Select(_ => TextOf(random, 1, 2)).ToList();
            var hidden = new HiddenNames(names.Select(static name => "bucket/" + name));
            var prefix = random.Next(2) == 0 ? "" : TextOf(random, 1, 1);
            var delimiter = random.Next(3) switch { 0 => "", 1 => "/", _ => "a" };
            var limit = random.Next(1, 6);
            var expected = keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !hidden.Hides("bucket", key))
                .Select(key => RowOf(key, prefix, delimiter)).Where(row => !hidden.Hides("bucket", row)).Distinct().ToList();

            var seen = await ListAsync(new VisibleListings(proxy.Services.Local.Service, hidden), operation, prefix, delimiter, limit);

            var what = $"round {round}: hidden {string.Join(' ', names)}, prefix {prefix}, delimiter {delimiter}, limit {limit}";
            Assert.Equal((what, string.Join(' ', expected)), (what, string.Join(' ', seen)));
        }
    }

    private static async Task<List<string>> ListAsync(
        IS3Service service, S3Operation operation, string prefix, string delimiter, int limit)
    {
        var (query, more) = ($"{(operation == S3Operation.ListObjectsV2 ? "list-type=2&" : "")}prefix={Uri.EscapeDataString(prefix)}"
            + $"&delimiter={Uri.EscapeDataString(delimiter)}&max-keys={limit}", "");
        List<string> seen = [];
        while (true)
        {
            var answer = new BufferedResponse();
            await service.HandleAsync(S3Request.OfOverlay("test", operation, "GET", "bucket", "", query + more), answer, default);
            await answer.FinishAsync(default);
            var root = S3XmlReader.Parse(answer.Content);
            var rows = root.Elements().Where(static row => row.Name.LocalName is "Contents" or "Version" or "CommonPrefixes")
                .Select(static row => row.ChildText("Key") ?? row.ChildText("Prefix")!).Order(Utf8Order.Instance).ToList();
            seen.AddRange(rows);
            if (root.ChildText("IsTruncated") != "true")
            {
                Assert.InRange(rows.Count, 0, limit);
                return seen;
            }

            // Nothing can be seen of what is left out.
            Assert.Equal(limit, rows.Count);
            more = operation switch
            {
                S3Operation.ListObjects => $"&marker={Next(root, "NextMarker")}",
                S3Operation.ListObjectsV2 => $"&continuation-token={Next(root, "NextContinuationToken")}",
                _ => $"&key-marker={Next(root, "NextKeyMarker")}"
                    + (root.ChildText("NextVersionIdMarker") is { } id ? $"&version-id-marker={Uri.EscapeDataString(id)}" : ""),
            };
        }
    }

    private static string Next(XElement root, string name) => Uri.EscapeDataString(root.ChildText(name)!);

    private static string RowOf(string key, string prefix, string delimiter) =>
        delimiter.Length > 0 && key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var at ? key[..(at + 1)] : key;

    private static string TextOf(Random random, int least, int most) =>
        new([.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => "ab/"[random.Next(3)])]);
}
