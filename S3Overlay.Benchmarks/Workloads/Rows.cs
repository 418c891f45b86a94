using S3Overlay.Benchmarks.Servers;

namespace S3Overlay.Benchmarks.Workloads;

/// <summary>The rows of the tables, in their order.</summary>
public static class Rows
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;
    private const long GiB = 1 << 30;

    private static readonly StoredObjects Large = new("64m", 64 * MiB);
    private static readonly StoredObjects Gibibyte = new("1g", (int)GiB);
    private static readonly StoredObjects ThousandTiny = new("tiny", KiB, 1_000);
    private static readonly StoredObjects Thousand = new("thousand", 10 * KiB, 1_000);
    private static readonly StoredObjects Many = new("many", 10 * KiB, 100_000);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        Read("GET 1 KiB", new("1k", KiB)),
        Read("GET 1 KiB of 1000 keys", ThousandTiny),
        Read("GET 10 KiB", new("10k", 10 * KiB)),
        Read("GET 10 KiB of 1000 keys", Thousand),
        Read("GET 10 KiB of 100000 keys", Many),
        Read("GET 64 MiB", Large) with { Connections = [1, 4, 16] },
        Read("1 MiB ranges", Large) with { Ask = i => new("GET", Large.Key(0), Range: Range(i * MiB, MiB)), Variants = 64 },
        Read("1 MiB ranges of 1 GiB", Gibibyte) with
            { Ask = i => new("GET", Gibibyte.Key(0), Range: Range(i * MiB, MiB)), Variants = 1024 },
        Read("HEAD of 1000 keys", Thousand) with { Ask = i => new("HEAD", Thousand.Key(i)), Connections = [1, 16, 64] },
        Read("list 1000 of 100000 keys", Many) with
            { Ask = i => new("GET", "", $"list-type=2&start-after={Uri.EscapeDataString(Many.Key(i * 990))}"), Variants = 100,
                Beside = default },
        new("PUT 10 KiB", i => new("PUT", $"put/{i}", BodyLength: 10 * KiB)) { Variants = 1_000, Beside = Opponents.Dav },
        new("PUT 64 MiB", i => new("PUT", $"put64/{i}", BodyLength: 64 * MiB)) { Batch = 2, Connections = [1] },
        new("DELETE", i => new("DELETE", $"delete/{i}")) { Before = i => new("PUT", $"delete/{i}", BodyLength: KiB), Variants = 500,
            Batch = 500, Connections = [16] },
        Cold("cold 10 KiB", 10 * KiB) with { Connections = [1, 16], Beside = Opponents.Varnish | Opponents.Direct },
        Cold("cold 64 MiB", 64 * MiB) with { Batch = 2, Beside = Opponents.Varnish | Opponents.Slices },
        Cold("cold 64 MiB, MD5 alone", 64 * MiB) with
            { Ask = i => new("GET", StandInRemote.KeyWithoutChecksum(64 * MiB, i)), Batch = 2, Beside = Opponents.Slices },
        Cold("stampede on 1 MiB", MiB) with { IsInStep = true, Connections = [16] },
        Cold("stampede on 64 MiB", 64 * MiB) with
            { IsInStep = true, Connections = [64], Batch = 1, Beside = Opponents.Varnish | Opponents.Slices | Opponents.Direct },
        Cold("stampede on 4 of 64 MiB", 64 * MiB, Range(32 * MiB, 4 * MiB)) with
            { IsInStep = true, Connections = [64], Batch = 1, Beside = Opponents.Slices },
        Cold("64 KiB of a cold 1 GiB", GiB, Range(512 * MiB, 64 * KiB)) with { Batch = 4, Beside = Opponents.Slices },
    ];

    private static Workload Read(string name, StoredObjects objects) =>
        new(name, i => new("GET", objects.Key(i))) { Variants = objects.Count, Objects = objects, Beside = Opponents.Files };

    private static Workload Cold(string name, long size, string? range = null) =>
        new(name, i => new("GET", StandInRemote.Key(size, i), Range: range)) { Variants = null, IsCold = true, Connections = [1] };

    private static string Range(long from, int length) => FormattableString.Invariant($"bytes={from}-{from + length - 1}");
}
