using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Overlay.Freshness;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>Something happens between any two steps of a read that revalidates its entry.</summary>
public class ChangingDuringRevalidationTests : FreshnessTestBase
{
    private static readonly byte[] First = [.. Enumerable.Repeat((byte)'a', 40)];
    private static readonly byte[] Second = [.. Enumerable.Repeat((byte)'b', 40)];
    private static readonly byte[] Third = [.. Enumerable.Repeat((byte)'c', 40)];

    private int _step;
    private int _at;
    private Func<Task>? _event;

    public static TheoryData<bool, bool, bool, string?> Scenes()
    {
        var scenes = new TheoryData<bool, bool, bool, string?>();
        foreach (var isAlways in (bool[])[true, false])
        {
            foreach (var inChunks in (bool[])[true, false])
            {
                foreach (var isChanged in (bool[])[true, false])
                {
                    foreach (var range in (string?[])[null, "bytes=17-30"])
                    {
                        scenes.Add(isAlways, inChunks, isChanged, range);
                    }
                }
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    [Trait("Rule", "S1")]
    [Trait("Rule", "R7")]
    public Task The_remote_changes(bool isAlways, bool inChunks, bool isChanged, string? range) =>
        SweepAsync(isAlways, inChunks, isChanged, range, key => Put(key, Third),
            async key => Assert.Equal(Part(Third, range), (await ReadAsync(key, range)).Bytes));

    [Theory]
    [MemberData(nameof(Scenes))]
    [Trait("Rule", "S1")]
    [Trait("Rule", "R7")]
    public Task The_remote_loses_the_object(bool isAlways, bool inChunks, bool isChanged, string? range) =>
        SweepAsync(
            isAlways,
            inChunks,
            isChanged,
            range,
            key =>
            {
                Remote.Remove(key);
                return Task.CompletedTask;
            },
            async key => Assert.Equal("NoSuchKey", (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(key, range))).Error.Code));

    [Theory]
    [MemberData(nameof(Scenes))]
    [Trait("Rule", "C3")]
    public Task The_key_is_written_here(bool isAlways, bool inChunks, bool isChanged, string? range) =>
        SweepAsync(
            isAlways,
            inChunks,
            isChanged,
            range,
            key => Reader.InvalidateAsync(Bucket, key).AsTask(),
            async key =>
            {
                if (!isChanged)
                {
                    // An entry from before the write is gone after it, even if it was revalidated in between.
                    Assert.Null(await Store.FindAsync(Bucket, key, default));
                }
            });

    /// <summary>Lets something happen at each step of a read in turn.</summary>
    private async Task SweepAsync(bool isAlways, bool inChunks, bool isChanged, string? range, Func<string, Task> happens, Func<string,
        Task> afterwards)
    {
        Revalidate(isAlways ? Revalidation.Always : Revalidation.After(Life));
        Settings = Settings with { ChunkThreshold = inChunks ? 16 : 100, ChunkSize = 8, ReadAheadBytes = 0 };
        Remote.PieceSize = 10;
        Wrap = store => new SteppedStore(store)
        {
            AfterFind = StepAsync, BeforeCreate = StepAsync, AfterCreate = StepAsync, BeforeEviction = StepAsync, AfterEviction = StepAsync,
            BeforeRenew = StepAsync, AfterRenew = StepAsync,
        };
        await ReopenAsync();
        Remote.OnRequest = (_, _) => StepAsync();
        Remote.OnResponse = (_, _) => StepAsync();
        Remote.OnByte = (_, _) => StepAsync();
        for (var at = 1; ; at++)
        {
            var key = $"key-{at}";
            await Put(key, First);
            await ReadAsync(key);
            await QuietAsync();
            Time.Advance(Life);
            if (isChanged)
            {
                await Put(key, Second);
            }

            (_step, _at, _event) = (0, at, () => happens(key));
            await ReadOnceAsync(key, range);
            await QuietAsync();
            var hasHappened = Interlocked.Exchange(ref _event, null) is null;
            Time.Advance(Life);
            if (!hasHappened)
            {
                Assert.InRange(at, 4, 60);
                return;
            }

            await afterwards(key);
        }
    }

    /// <summary>Reads. The response is of one version, or an error, or cut.</summary>
    private async Task ReadOnceAsync(string key, string? range)
    {
        var response = new CollectedResponse();
        try
        {
            await Reader.ReadAsync(Request(key, range), response, Remote.Bucket, default);
            await response.Body.FlushAsync();
        }
        catch (S3Exception failure)
        {
            Assert.Equal("NoSuchKey", failure.Error.Code);
            return;
        }

        var version = new[] { First, Second, Third }.Single(bytes => response.Headers.ETag == ETagOf(bytes));
        Assert.All(response.Bytes, octet => Assert.Equal(version[0], octet));
        if (!response.IsAborted)
        {
            Assert.Equal(Part(version, range), response.Bytes);
        }
    }

    private async Task StepAsync()
    {
        if (Interlocked.Increment(ref _step) == _at && Interlocked.Exchange(ref _event, null) is { } happens)
        {
            await happens();
        }
    }

    private Task Put(string key, byte[] bytes)
    {
        Remote.Put(key, bytes, ETagOf(bytes));
        return Task.CompletedTask;
    }

    private static string ETagOf(byte[] bytes) => $"\"version-{(char)bytes[0]}\"";

    private static byte[] Part(byte[] bytes, string? range) => range is null ? bytes : bytes[17..31];
}
