using System.Text;

using S3Overlay.Proxy.Forwarding.Stores;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Tests.Contract;

namespace S3Overlay.Tests.Forwarding.Stores;

public sealed class CacheNamesTests
{
    private const string Bucket = "a-bucket-with-a-name-of-63-characters-which-is-as-long-as-it-be";

    [Fact]
    public void Names_sort_as_keys_do()
    {
        foreach (var (left, right) in Pairs(40_000))
        {
            var order = Math.Sign(Utf8Order.Compare(left, right));
            var (l, r) = (CacheNames.OfKey(left), CacheNames.OfKey(right));
            if (CacheNames.IsCut(l) && CacheNames.IsCut(r) && CacheNames.StartOfCut(l).SequenceEqual(CacheNames.StartOfCut(r)))
            {
                Assert.Equal(order == 0, l == r);
            }
            else
            {
                Assert.Equal(order, Math.Sign(string.CompareOrdinal(l, r)));
            }
        }
    }

    [Fact]
    public void What_keys_start_with_is_what_their_names_start_with()
    {
        foreach (var (prefix, other) in Pairs(20_000))
        {
            Assert.StartsWith(CacheNames.OfPrefix(prefix), CacheNames.OfKey(prefix + other), StringComparison.Ordinal);
            if (!other.StartsWith(prefix, StringComparison.Ordinal) && CacheNames.Encode(prefix).Length <= CacheNames.LongestEncoding)
            {
                Assert.False(CacheNames.OfKey(other).StartsWith(CacheNames.OfPrefix(prefix), StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void What_starts_after_a_key_is_exactly_what_is_behind_it()
    {
        foreach (var (after, key) in Pairs(20_000))
        {
            var isBehind = string.CompareOrdinal(CacheNames.OfKey(key), CacheNames.StartAfter(after)) > 0;
            if (CacheNames.Encode(after).Length <= CacheNames.LongestEncoding)
            {
                Assert.Equal(Utf8Order.Compare(key, after) > 0, isBehind);
            }
            else
            {
                Assert.True(isBehind || Utf8Order.Compare(key, after) <= 0);
            }
        }
    }

    [Fact]
    public void Names_that_are_not_cut_contain_their_keys()
    {
        foreach (var (key, _) in Pairs(20_000))
        {
            var name = CacheNames.OfKey(key);
            var isTold = CacheNames.TryDecode(name, out var told);
            Assert.Equal(!CacheNames.IsCut(name), isTold);
            Assert.Equal(isTold ? key : "", told);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("a")]
    [InlineData("a!!")]
    [InlineData("a/!")]
    [InlineData("!2f!")]
    [InlineData("!61!")]
    [InlineData("!2")]
    [InlineData("!2!")]
    [InlineData("~FF!")]
    [InlineData("-!")]
    [InlineData("é!")]
    public void Foreign_names_are_ignored(string name) => Assert
        .False(CacheNames.TryDecode(name, out _) || CacheNames.IsCut(name));

    [Fact]
    public void Every_store_takes_the_names()
    {
        var leaves = new HashSet<string>(StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, _) in Pairs(20_000))
        {
            foreach (var name in (string[])[CacheNames.Tombstone(Bucket, key), CacheNames.Entry(Bucket, key), CacheNames.Row(Bucket, key),
                CacheNames.Chunks(Bucket, key) + "0"])
            {
                Assert.True(name.Length <= 1024 - 100, name);
                Assert.All(name, c => Assert.True(char.IsAsciiLetterOrDigit(c) || "!-_~=/".Contains(c, StringComparison.Ordinal), name));
                var segments = name.Split('/');
                Assert.All(segments, segment => Assert.InRange(segment.Length, 1, 255));
                leaves.Add(name);
                for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = name.IndexOf('/', slash + 1))
                {
                    folders.Add(name[..slash]);
                }
            }
        }

        Assert.False(leaves.Overlaps(folders));
    }

    /// <summary>Cuts inside an escape and escapes at the end of a segment, where a name could become the folder of another.</summary>
    [Fact]
    public void No_name_is_a_folder_of_another_at_any_length()
    {
        var keys = new List<string>();
        for (var length = 150; length < 180; length++)
        {
            keys.Add(new string('a', length));
            keys.Add(new string('a', length) + "\0b");
            keys.Add(new string('a', length) + "\0" + new string('b', 700));
        }

        for (var length = 740; length < 790; length++)
        {
            keys.Add(new string('a', length));
            keys.Add(new string('a', length) + "/");
            keys.Add(new string('a', length) + "/b");
        }

        var names = keys.Select(CacheNames.OfKey).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(keys.Distinct().Count(), names.Count);
        Assert.DoesNotContain(names, name => names.Any(other => other.StartsWith(name + "/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Buckets_with_long_names_have_names_too()
    {
        var (one, other) = (new string('b', 255), new string('b', 254) + "c");
        Assert.NotEqual(CacheNames.BucketMark(one), CacheNames.BucketMark(other));
        Assert.True(CacheNames.Tombstone(one, new string('/', 1024)).Length <= 1024);
    }

    /// <summary>Pairs of keys, many with a common prefix, including awkward ones and lengths around each limit.</summary>
    private static IEnumerable<(string Left, string Right)> Pairs(int count)
    {
        var random = new Random(17);
        var alphabet = "ab/09:@AZ[`az{~\0\u0001 .-_!=\u007f\u0080\u00e9\u07ff\u0800\ud7ff\ue000\uffff";
        string Any(int length)
        {
            var text = new StringBuilder();
            for (var bytes = 0; bytes < length;)
            {
                var next = random.Next(12) == 0 ? "\U0001F600" : alphabet[random.Next(random.Next(3) == 0 ? alphabet.Length : 4)]
                    .ToString();
                bytes += Encoding.UTF8.GetByteCount(next);
                if (bytes <= length)
                {
                    text.Append(next);
                }
            }

            return text.Length == 0 ? "a" : text.ToString();
        }

        int Length() => random.Next(6) switch
        {
            0 => random.Next(1, ObjectKeys.MaxBytes),
            1 => random.Next(140, 180),
            2 => random.Next(250, 400),
            _ => random.Next(1, 20),
        };

        foreach (var left in AwkwardKeys.All)
        {
            foreach (var right in AwkwardKeys.All)
            {
                yield return (left, right);
            }
        }

        for (var i = 0; i < count; i++)
        {
            var start = random.Next(3) == 0 ? "" : Any(Length());
            string Key() => random.Next(8) == 0 && start.Length > 0 ? start : Cut(start + Any(random.Next(1, 8)));
            yield return random.Next(3) == 0 ? (Any(Length()), Any(Length())) : (Key(), Key());
        }
    }

    private static string Cut(string key)
    {
        while (Encoding.UTF8.GetByteCount(key) > ObjectKeys.MaxBytes)
        {
            key = char.IsLowSurrogate(key[^1]) ? key[..^2] : key[..^1];
        }

        return key;
    }

    /// <summary>Every store must accept the tombstone of every key. Scality limits names to 915 bytes.</summary>
    [Fact]
    public void Marks_are_short_enough_for_the_store_with_the_shortest_names()
    {
        var bucket = new string('b', 63);
        foreach (var key in (string[])[new string('/', 1024), new string('k', 1024), new string('k', 768),
            string.Concat(Enumerable.Repeat("\u00e9", 512))])
        {
            Assert.True(CacheNames.Tombstone(bucket, key).Length <= 915);
        }
    }
}
