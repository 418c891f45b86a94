using System.Text;

using S3Overlay.Proxy.Embedded.Checking;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

using Xunit.Abstractions;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// One bit of any file of the store is wrong, or its end is gone, after a clean or an unclean stop. Every acknowledged object and delete is
/// right, or the loss is reported with its key, and a check repairs the rest (table F).
/// </summary>
[Trait("Rule", "F-damaged")]
public sealed class DamageRunTests(ITestOutputHelper output)
{
    private const int Cases = 520;
    private const int QuickCases = 26;

    private readonly Dictionary<string, byte[]> _objects = [];
    private readonly string[] _deleted = ["gone", "deleted", "removed"];

    [Fact]
    public async Task Every_object_and_delete_is_right_or_its_loss_is_reported()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        await using var bench = await OpenAsync();
        await FillAsync(bench);
        await using var killed = bench.Leave();
        EmbeddedBench closed = null!;
        await bench.ReopenAsync(() => closed = bench.Leave());
        await using var _ = closed;
        var damages = new Dictionary<string, int>();
        for (var number = 0; number < (FullRunAttribute.IsOn ? Cases : QuickCases); number++)
        {
            await using var damaged = (number % 2 == 0 ? closed : killed).Leave();
            var files = damaged.Files("").Where(static path => new FileInfo(path).Length > 0
                && Path.GetFileName(path) is not ("RESERVE" or "FORMAT")).Order(StringComparer.Ordinal)
                .GroupBy(path => KindOf(damaged, path)).Select(static kind => kind.ToList()).ToList();
            var kind = files[number / 2 % files.Count];
            var path = kind[random.Next(kind.Count)];
            var name = KindOf(damaged, path);
            var what = $"{number}, {(number % 2 == 0 ? "closed" : "killed")}: {name}, {Damage(path, random)}";
            damages[name] = damages.GetValueOrDefault(name) + 1;
            try
            {
                await LiveAsync(damaged);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed}, case {what}", failure);
            }
        }

        output.WriteLine(string.Join(", ", damages.Select(static one => $"{one.Key} {one.Value}")));
    }

    private async Task FillAsync(EmbeddedBench bench)
    {
        for (var i = 0; i < 40; i++)
        {
            await PutAsync($"key{i:d2}", Bytes(i * 97, i));
        }

        await PutAsync("large", Bytes(200_000));
        await PutAsync("key03", Bytes(10, 99));
        foreach (var key in _deleted)
        {
            await bench.PutAsync(key, [1]);
            await bench.Layer.MarkDeletedAsync(Bucket, key, default);
            await bench.DeleteAsync(key);
        }

        await bench.SendAsync(S3Operation.PutObjectTagging, "key05", TextBody(
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"), "tagging");
        var upload = await MultipartTests.StartAsync(bench);
        await MultipartTests.CompleteAsync(bench, upload, await MultipartTests.UploadAsync(bench, upload, 1, Bytes(1100, 7)),
            await MultipartTests.UploadAsync(bench, upload, 2, Bytes(50, 8)));
        _objects["key"] = [.. Bytes(1100, 7), .. Bytes(50, 8)];
        await MultipartTests.UploadAsync(bench, await MultipartTests.StartAsync(bench, "open"), 1, Bytes(20), "open");

        async Task PutAsync(string key, byte[] bytes)
        {
            await bench.PutAsync(key, bytes);
            _objects[key] = bytes;
        }
    }

    /// <summary>Uses a damaged store: reads, lists, writes, restarts, checks, and reads again.</summary>
    private async Task LiveAsync(EmbeddedBench bench)
    {
        await bench.StartAsync();
        var lost = await SeeAsync(bench);
        await bench.Store.Tidying;
        Assert.Equal(lost, await SeeAsync(bench));
        await Patiently(bench, () => bench.PutAsync("new", [7]));
        await Patiently(bench, () => bench.DeleteAsync("new"));
        await bench.ReopenAsync();
        await bench.Store.Tidying;
        Assert.Equal(lost, await SeeAsync(bench));
        await bench.CloseAsync();
        var report = await StoreCheck.RunAsync(bench.Options(), new CheckOptions { MustRepair = true, IsDeep = true }, static _ => { },
            default);
        foreach (var key in lost)
        {
            Assert.Contains(report.Problems, problem => problem.Key == key && !problem.IsRepaired);
        }

        // A damaged header of a part does not keep its bytes from being right.
        Assert.All(report.Problems, static problem => Assert.True(problem.IsRepaired || problem.Key is not null, problem.What));
        await bench.StartAsync();
        Assert.Equal(lost, await SeeAsync(bench));
        Assert.All((await CheckAgainAsync(bench)).Problems, static problem => Assert.True(problem.Key is not null, problem.What));
    }

    private static async Task<CheckReport> CheckAgainAsync(EmbeddedBench bench)
    {
        await bench.CloseAsync();
        var report = await StoreCheck.RunAsync(bench.Options(), new CheckOptions(), static _ => { }, default);
        await bench.StartAsync();
        return report;
    }

    /// <returns>The keys whose bytes are lost: reading them is an error.</returns>
    private async Task<List<string>> SeeAsync(EmbeddedBench bench)
    {
        var lost = new List<string>();
        foreach (var (key, bytes) in _objects)
        {
            try
            {
                var read = await Patiently(bench, () => bench.GetAsync(key));
                Assert.True(bytes.AsSpan().SequenceEqual(read), $"{key} has other bytes.");
            }
            catch (S3Exception failure) when (failure.Error == S3Errors.InternalError)
            {
                lost.Add(key);
            }
            catch (Xunit.Sdk.TrueException)
            {
                Assert.True((await bench.SendAsync(S3Operation.GetObject, key)).IsCut, $"{key} has wrong bytes");
                lost.Add(key);
            }
        }

        foreach (var key in _deleted)
        {
            Assert.Equal(KeyState.Deleted, await Patiently(bench, async () => await bench.Layer.ResolveAsync(Bucket, key, default)));
        }

        var listed = await Patiently(bench, () => bench.ListAsync());
        Assert.Equal(_objects.Keys.Order(StringComparer.Ordinal), listed);
        Assert.Single(await Patiently(bench, async () => await bench.Store.Uploads.OfAsync(Bucket)));
        var tags = await Patiently(bench, () => bench.SendAsync(S3Operation.GetObjectTagging, "key05", null, "tagging"));
        Assert.Contains("<Value>b</Value>", Encoding.UTF8.GetString(tags.Content.Span), StringComparison.Ordinal);
        return lost;
    }

    private static async Task<T> Patiently<T>(EmbeddedBench bench, Func<Task<T>> act)
    {
        while (true)
        {
            try
            {
                return await act();
            }
            catch (S3Exception busy) when (busy.Error == S3Errors.ServiceUnavailable)
            {
                await bench.Store.Rows.Rebuilding;
                Assert.DoesNotContain("DatabaseNotRebuilt", bench.Log.Names);
            }
        }
    }

    private static Task Patiently(EmbeddedBench bench, Func<Task> act) => Patiently(bench, async () =>
    {
        await act();
        return true;
    });

    private static string KindOf(EmbeddedBench bench, string path)
    {
        var name = Path.GetRelativePath(bench.Folder, path);
        if (!name.StartsWith("objects", StringComparison.Ordinal))
        {
            return name.Split(Path.DirectorySeparatorChar)[0];
        }

        using var file = RecordFile.Open(path);
        return RecordFile.ReadHeader(file).Preamble.Kind.ToString();
    }

    /// <summary>Flips one bit; in the database every 97th in turn. Or cuts the end off.</summary>
    internal static string Damage(string path, Random random)
    {
        var bytes = File.ReadAllBytes(path);
        if (random.Next(5) == 0)
        {
            var length = random.Next(bytes.Length);
            File.WriteAllBytes(path, bytes[..length]);
            return $"cut to {length} of {bytes.Length} bytes";
        }

        var bit = Path.GetFileName(path).StartsWith("store.db", StringComparison.Ordinal)
            ? 97L * random.Next(bytes.Length * 8 / 97) : random.NextInt64(bytes.Length * 8L);
        bytes[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        File.WriteAllBytes(path, bytes);
        return $"bit {bit} of {bytes.Length} bytes";
    }
}
