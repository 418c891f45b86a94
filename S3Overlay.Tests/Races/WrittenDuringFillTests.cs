using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// An acknowledged write or delete during a fill of the key stays, at each byte of the fill and
/// for any duration. No marker that guards it may be forgotten before the fill is over (rule C3).
/// </summary>
[Trait("Rule", "C3")]
public sealed class WrittenDuringFillTests
{
    private const int Size = 200_000;

    /// <summary>Longer than anything is remembered here, and shorter than the settings let a fill pause.</summary>
    private static readonly TimeSpan LongFill = TimeSpan.FromDays(19);

    private static readonly (string Name, string Value)[] Patient =
    [
        ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "20d"), ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "20d"),
        ("S3_OVERLAY_REMOTE_BUDGET", "20d"),
    ];

    private static readonly byte[] OfRemote = [.. Enumerable.Repeat((byte)'r', Size)];

    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public static TheoryData<string, string, bool> Scenes()
    {
        var scenes = new TheoryData<string, string, bool>();
        foreach (var layer in (string[])["embedded", "store"])
        {
            foreach (var change in (string[])["PUT", "DELETE"])
            {
                foreach (var inChunks in (bool[])[true, false])
                {
                    scenes.Add(layer, change, inChunks);
                }
            }
        }

        return scenes;
    }

    [Theory]
    [MemberData(nameof(Scenes))]
    public async Task A_write_or_delete_at_any_byte_of_a_fill_stays(string layer, string change, bool inChunks)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "other", "other"u8.ToArray());
        await using var store = layer == "embedded" ? null : await StoreServer.StartAsync(_clock);
        await using var proxy = await OverlayHost.StartAsync(
            store?.Endpoint,
            remote.Endpoint,
            _clock,
            [.. Patient,
                ("S3_OVERLAY_CHUNK_THRESHOLD", inChunks ? "65536" : "50MiB"), ("S3_OVERLAY_CHUNK_SIZE", "65536")]);

        // Null: before the remote has responded.
        foreach (var at in (long?[])[null, 0, 1, 65_535, 65_536, 65_537, 131_072, Size - 1])
        {
            var key = $"key-{at}";
            remote.Put("bucket", key, OfRemote);
            var (asked, goesOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
                new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            remote.Script = async (request, _) =>
            {
                if (request.Key != key)
                {
                    return ScriptedOutcome.AsUsual;
                }

                asked.TrySetResult();
                if (at is null)
                {
                    await goesOn.Task;
                }

                return new ScriptedOutcome { GateAfter = (at ?? 0, goesOn) };
            };
            var reading = proxy.SendAsync("GET", "/bucket/" + key);
            await asked.Task.WaitAsync(Patience.Limit);
            await remote.UntilAsync(() => remote.BodyBytesSent("bucket", key) >= (at ?? 0), "The remote does not send.");
            var changed = await proxy.SendAsync(change, "/bucket/" + key, change == "PUT" ? "here" : null);
            Assert.True(changed.Status == (change == "PUT" ? 200 : 204), $"{at}: {changed.Text}");
            await AssertDoneAsync($"{at}, while it is filled");
            if (store is null)
            {
                // Over a store this would be the end of its patience with calls that are under way. What guards the key is the same object
                // in each of the layers.
                _clock.Advance(LongFill);
            }

            await AssertDoneAsync($"{at}, after weeks of filling");
            goesOn.SetResult();

            // It began before, and may show what was there then: all of it, or it is cut.
            var read = await reading.WaitAsync(Patience.Limit);
            Assert.True(read.Status is 200 or 404, $"{at}: {read.Status}");
            Assert.True(read.Status == 404 || read.Text == "here" || OfRemote.AsSpan().StartsWith(read.Body),
                $"{at}: the answer is of two versions.");
            await AssertDoneAsync($"{at}, once it is filled");
            await proxy.WhenIdleAsync();
            await AssertDoneAsync($"{at}, once all is quiet");
            await using var copy = await proxy.Services.Local.Cache!.FindAsync("bucket", key, default, default);
            Assert.True(copy is null, $"{at}: a copy of what was there before is held.");

            async Task AssertDoneAsync(string when)
            {
                var (now, head) = (await proxy.SendAsync("GET", "/bucket/" + key), await proxy.SendAsync("HEAD", "/bucket/" + key));
                var page = await proxy.SendAsync("GET", $"/bucket?list-type=2&prefix={key}");
                if (change == "PUT")
                {
                    Assert.True((now.Status, now.Text, now.Headers["x-s3overlay-layer"]) == (200, "here", "local"),
                        $"{when}: {now.Status}");
                    Assert.True(head.Headers["Content-Length"] == "4" && page.Text.Contains("<Size>4</Size>", StringComparison.Ordinal),
                        $"{when}: {page.Text}");
                }
                else
                {
                    Assert.True((now.Status, head.Status) == (404, 404), $"{when}: {now.Status}");
                    Assert.DoesNotContain($"<Key>{key}</Key>", page.Text);
                }
            }
        }
    }
}
