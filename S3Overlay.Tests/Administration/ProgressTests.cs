using System.Text;
using System.Text.Json;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Administration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Long calls report progress, and their last line says whether they finished, or why not (rule A5).</summary>
[Trait("Rule", "A5")]
public sealed class ProgressTests : IAsyncLifetime
{
    private StoreScene _scene = null!;

    public async Task InitializeAsync()
    {
        _scene = await StoreScene.StartAsync();
        foreach (var key in (string[])["a", "b"])
        {
            _scene.Remote.Put("bucket", key, "remote"u8.ToArray());
            Assert.Equal(204, (await _scene.SendAsync("DELETE", "/bucket/" + key)).Status);
        }
    }

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [Fact]
    public async Task A_long_call_reports_progress()
    {
        var (time, count, work) =
            (new ManualTimeProvider(), 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var response = new BufferedResponse();
        var answering = new ProgressResponses(time).RunAsync(_ => work.Task, json => json.WriteNumber("count", count), Request(),
            response,
            default);
        for (count = 1; count <= 2; count++)
        {
            await time.WaitForTimerAsync();
            time.Advance(TimeSpan.FromSeconds(2));
            await Patience.UntilAsync(() => Lines(response).Count == count, "No progress line was written.");
        }

        work.SetResult();
        Assert.Null(await answering);
        Assert.Equal((200, "application/x-ndjson"), (response.Status, response.Headers.ContentType.ToString()));
        Assert.Equal(
            [(false, 1), (false, 2), (true, 3)],
            Lines(response).Select(line => (line.GetProperty("done").GetBoolean(), line.GetProperty("count").GetInt32())));
    }

    [Fact]
    public async Task A_call_that_fails_in_the_middle_says_so_in_its_last_line()
    {
        var (time, work) = (new ManualTimeProvider(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var response = new BufferedResponse();
        var answering = new ProgressResponses(time).RunAsync(_ => work.Task, static _ => { }, Request(), response, default);
        await time.WaitForTimerAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        await Patience.UntilAsync(() => Lines(response).Count == 1, "No progress line was written.");
        work.SetException(new S3Exception(S3Errors.ServiceUnavailable, "The store is away."));
        Assert.Equal(S3Errors.ServiceUnavailable, (await answering)!.Error);
        var last = Lines(response)[^1];
        Assert.False(last.GetProperty("done").GetBoolean());
        Assert.Equal(
            ("ServiceUnavailable", "The store is away.", "REQUEST"),
            (last.GetProperty("error").GetProperty("code").GetString(), last.GetProperty("error").GetProperty("message").GetString(),
                last.GetProperty("error").GetProperty("requestId").GetString()));
    }

    [Fact]
    public async Task A_client_that_disconnects_ends_the_work()
    {
        using var leaving = new CancellationTokenSource();
        var ended = false;
        var answering = new ProgressResponses(new ManualTimeProvider()).RunAsync(
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ended = true;
            },
            static _ => { },
            Request(),
            new BufferedResponse(),
            leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
        Assert.True(ended);
    }

    [Fact]
    public async Task A_call_that_fails_at_once_is_an_error_like_any_other()
    {
        _scene.Store.Fail = request => request.Method == "DELETE" ? (403, "AccessDenied") : null;
        var response = await _scene.Proxy.SendAsync("POST", "/-/v1/discard?bucket=bucket&key=a");
        Assert.Equal((503, "application/json"), (response.Status, response.Headers["Content-Type"]));
        Assert.Equal("ServiceUnavailable", JsonDocument.Parse(response.Text).RootElement.GetProperty("code").GetString());
    }

    private static List<JsonElement> Lines(BufferedResponse response) =>
        [.. Encoding.UTF8.GetString(response.Content.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];

    private static S3Request Request() => new()
    {
        Operation = S3Operation.Administration,
        Method = "POST",
        Bucket = "-",
        Key = "v1/drop",
        Query = S3Query.Empty,
        Headers = new HeaderDictionary(),
        Caller = new S3Caller("key"),
        Body = S3Body.Empty,
        RequestId = "REQUEST",
        Address = new S3Address("http", "localhost", false),
    };
}
