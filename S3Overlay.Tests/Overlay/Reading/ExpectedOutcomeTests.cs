using System.Runtime.ExceptionServices;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>Missing objects and changed versions are everyday answers of a remote: reads handle them without exceptions.</summary>
[Collection(AloneInProcess.Name)]
public sealed class ExpectedOutcomeTests
{
    private static readonly byte[] Before = [.. Enumerable.Repeat((byte)1, 200_000)];

    private static readonly byte[] After = [.. Enumerable.Repeat((byte)2, 200_000)];

    [Theory]
    [InlineData("GET", "true", 404)]
    [InlineData("HEAD", "true", 404)]
    [InlineData("GET", "false", 404)]
    [InlineData("HEAD", "false", 404)]
    public async Task A_missing_object_throws_no_remote_exception(string method, string isCaching, int expected)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.AddBucket("bucket");
        await using var proxy = await StartAsync(remote, ("S3_OVERLAY_CACHE_ENABLED", isCaching), ("S3_OVERLAY_NEGATIVE_TTL", "1h"));
        using var thrown = new Thrown();
        Assert.Equal(expected, (await proxy.SendAsync(method, "/bucket/key")).Status);
        var asked = remote.Requests.Count(request => request.Key == "key");
        Assert.Equal(expected, (await proxy.SendAsync(method, "/bucket/key")).Status);
        Assert.Equal(asked, remote.Requests.Count(request => request.Key == "key"));
        Assert.Equal("", thrown.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revalidation_that_finds_a_missing_or_changed_object_throws_no_remote_exception(bool isReplaced)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.AddBucket("bucket");
        remote.Put("bucket", "key", Before);
        await using var proxy = await StartAsync(remote, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "always"));
        using var thrown = new Thrown();
        Assert.Equal(200, (await proxy.SendAsync("GET", "/bucket/key")).Status);
        await proxy.WhenIdleAsync();
        Assert.Equal("REVALIDATED", (await proxy.SendAsync("GET", "/bucket/key")).Headers["x-cache"]);
        if (isReplaced)
        {
            remote.Put("bucket", "key", After);
        }
        else
        {
            remote.Remove("bucket", "key");
        }

        Assert.Equal(isReplaced ? 200 : 404, (await proxy.SendAsync("GET", "/bucket/key")).Status);
        Assert.Equal("", thrown.Text);
    }

    [Fact]
    public async Task A_fill_that_finds_another_version_throws_no_remote_exception()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "key", Before);
        await using var proxy = await StartAsync(remote, ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_REVALIDATE", "never"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", "100KiB"), ("S3_OVERLAY_CHUNK_SIZE", "64KiB"));
        Assert.Equal(206, (await proxy.SendAsync("GET", "/bucket/key", null, ("Range", "bytes=0-9"))).Status);
        await proxy.WhenIdleAsync();
        remote.Put("bucket", "key", After);
        using var thrown = new Thrown();
        var response = await proxy.SendAsync("GET", "/bucket/key", null, ("Range", "bytes=150000-199999"));
        Assert.Equal((206, true), (response.Status, response.Body.AsSpan().SequenceEqual(After.AsSpan(150_000))));
        Assert.Equal("", thrown.Text);
    }

    [Fact]
    public async Task A_pass_through_that_starts_again_with_the_new_version_throws_no_remote_exception()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "key", Before);
        var isChanged = false;
        remote.Script = (request, _) =>
        {
            if (request.Method == "GET" && request.Key == "key" && !isChanged)
            {
                isChanged = true;
                remote.Put("bucket", "key", After);
            }

            return Task.FromResult(ScriptedOutcome.AsUsual);
        };
        await using var proxy = await StartAsync(remote, ("S3_OVERLAY_CACHE_ENABLED", "false"));
        using var thrown = new Thrown();
        var response = await proxy.SendAsync("GET", "/bucket/key", null, ("If-None-Match", "\"other\""));
        Assert.Equal((200, true, true), (response.Status, response.Body.AsSpan().SequenceEqual(After), isChanged));
        Assert.Equal("", thrown.Text);
    }

    private static Task<OverlayHost> StartAsync(ScriptedRemote remote, params (string Name, string Value)[] settings) =>
        OverlayHost.StartEmbeddedAsync(remote.Endpoint, settings);

    /// <summary>The remote exceptions thrown in this process while it lives.</summary>
    private sealed class Thrown : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly List<string> _messages = [];

        public Thrown() => AppDomain.CurrentDomain.FirstChanceException += Note;

        public string Text
        {
            get
            {
                lock (_lock)
                {
                    return string.Join('\n', _messages);
                }
            }
        }

        public void Dispose() => AppDomain.CurrentDomain.FirstChanceException -= Note;

        private void Note(object? sender, FirstChanceExceptionEventArgs args)
        {
            if (args.Exception is RemoteException failure)
            {
                lock (_lock)
                {
                    _messages.Add($"{failure.Failure}: {failure.Message}");
                }
            }
        }
    }
}
