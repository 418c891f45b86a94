using System.Globalization;

using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>
/// The keys of one large bucket, the same in every run: 100,000 at the remote, 10,000 deleted and 10,000 written locally.
/// </summary>
/// <remarks>
/// <code>
///   remote     data-00000 ... data-39999    no folder; some with characters that are awkward in XML, in URLs, or in the order of UTF-16
///              big/00000 ... big/29999      one large folder
///              f000/00 ... f999/19          a thousand small ones
///              gone/0000 ... gone/1499      all of it deleted
///              x::000::0 ... x::849::9      folders of a delimiter of two characters
///   deleted    data-05000 ... data-08499    pages of the remote without a key to show
///              big/00000 ... big/01999, f100/ ... f149/, gone/, and others all over the bucket
///   written    over keys of the remote, some of them deleted before; between them; in folders that are otherwise deleted; in
///              new folders.
///              None after x::3: there, only the remote knows whether more follows
/// </code>
/// </remarks>
public static class ManyKeys
{
    private static readonly string[] Ends = ["", " x", "é", "\uFFFD", "\U0001F600", "+%2F", "&<>\"'", "~m"];

    /// <summary>The remote's keys, in the order of their UTF-8 bytes.</summary>
    public static IReadOnlyList<string> Remote { get; } = Sorted(RemoteKeys(), 100_000);

    /// <summary>The keys deleted here, in that order.</summary>
    public static IReadOnlyList<string> Deleted { get; } = Sorted(DeletedKeys(), 10_000);

    /// <summary>The keys written here, some of them after they were deleted; in that order.</summary>
    public static IReadOnlyList<string> Written { get; } = Sorted(WrittenKeys(), 10_000);

    private static string[] Sorted(IEnumerable<string> keys, int count)
    {
        string[] all = [.. keys.Distinct(StringComparer.Ordinal).Order(Utf8Order.Instance)];
        Assert.Equal(count, all.Length);
        return all;
    }

    private static IEnumerable<string> RemoteKeys()
    {
        foreach (var i in Enumerable.Range(0, 40_000))
        {
            yield return Data(i);
        }

        foreach (var i in Enumerable.Range(0, 30_000))
        {
            yield return Big(i);
        }

        foreach (var i in Enumerable.Range(0, 20_000))
        {
            yield return Small(i);
        }

        foreach (var i in Enumerable.Range(0, 1500))
        {
            yield return Text($"gone/{i:D4}");
        }

        foreach (var i in Enumerable.Range(0, 8500))
        {
            yield return Text($"x::{i / 10:D3}::{i % 10}");
        }
    }

    private static IEnumerable<string> DeletedKeys()
    {
        HashSet<string> deleted =
        [
            .. Enumerable.Range(5000, 3500).Select(Data),
            .. Enumerable.Range(0, 2000).Select(Big),
            .. Enumerable.Range(2000, 1000).Select(Small),
            .. Enumerable.Range(0, 1500).Select(i => Text($"gone/{i:D4}")),
        ];

        // Some tombstones of keys that the remote does not have: these hide nothing.
        deleted.UnionWith(Enumerable.Range(0, 100).Select(i => Text($"data-{i * 397:D5}-never")));
        for (var i = 0; deleted.Count < 10_000; i++)
        {
            deleted.Add(Remote[i * 52 % Remote.Count]);
        }

        return deleted;
    }

    private static IEnumerable<string> WrittenKeys()
    {
        HashSet<string> written =
        [
            .. Enumerable.Range(0, 2500).Select(i => Data(i * 15)),
            .. Enumerable.Range(0, 500).Select(i => Big(i * 4)),
            .. Enumerable.Range(0, 20).Select(i => Text($"f{i + 100:D3}/between")),
            .. Enumerable.Range(0, 500).Select(i => Text($"f{i * 2:D3}/05-written")),
            .. Enumerable.Range(0, 500).Select(i => Text($"g{i / 5:D3}/{i}")),
            .. Enumerable.Range(0, 1000).Select(i => Text($"x::{i / 4:D3}::w{i}")),
            .. Enumerable.Range(0, 1000).Select(i => Text($"big/{i * 29:D5}~written")),
        ];
        for (var i = 0; written.Count < 10_000; i++)
        {
            written.Add(Text($"data-{i * 9:D5}é-written{Ends[i % Ends.Length]}"));
        }

        return written;
    }

    private static string Data(int i) => Text($"data-{i:D5}{Ends[i % Ends.Length]}");

    private static string Big(int i) => Text($"big/{i:D5}{Ends[i % Ends.Length]}");

    private static string Small(int i) => Text($"f{i / 20:D3}/{i % 20:D2}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
