using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>
/// A client sets the tags of a remote object over each local layer. Something happens at each stage of the copy-up.
/// </summary>
public abstract class CopyUpTestBase : IAsyncLifetime
{
    /// <summary>More than a writer's buffer has, and not whole blocks.</summary>
    protected static readonly byte[] Bytes = [.. Enumerable.Range(0, 700_001).Select(static i => (byte)(i % 251))];

    protected static readonly DateTimeOffset Date = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    private protected readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private protected readonly List<IAsyncDisposable> _open = [];
    private protected ScriptedRemote _remote = null!;
    private protected StoreServer? _store;
    private protected OverlayHost _proxy = null!;
    private protected (int Status, string Code)? _tagFailure;

    /// <summary>Runs once, at a stage of the copy-up.</summary>
    private protected Func<Task>? _meanwhile;
    private protected string _stage = "";

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Script = ScriptAsync;
        _remote.Put("bucket", "key", Object("\"0123456789abcdef0123456789abcdef-7\""));
    }

    public async Task DisposeAsync()
    {
        _open.Reverse();
        foreach (var part in _open)
        {
            await part.DisposeAsync();
        }

        // Insists that it saw nothing but GET and HEAD.
        await _remote.DisposeAsync();
    }

    private protected static ScriptedObject Object(string etag) =>
        new(Bytes, etag, Date,
            [("Content-Type", "text/x"), ("Cache-Control", "max-age=5"), ("x-amz-meta-m", "1"), ("x-amz-storage-class", "STANDARD_IA")]);

    private protected static (int Status, string Code) Error(RawResponse response) =>
        (response.Status, response.Status < 300 ? "" : response.Code);

    private protected static bool IsBody(ScriptedRequest request) => request is
        { Method: "GET", Key: "key", RawQuery: "" or "x-id=GetObject" };

    protected static string Document(params (string Name, string Value)[] tags) =>
        "<Tagging><TagSet>"
        + string.Concat(tags.Select(static tag => $"<Tag><Key>{tag.Name}</Key><Value>{tag.Value}</Value></Tag>"))
        + "</TagSet></Tagging>";

    private protected void At(string stage, Func<Task> meanwhile) => (_stage, _meanwhile) = (stage, meanwhile);

    protected async Task StartAsync(string local, params (string Name, string Value)[] settings)
    {
        settings = [.. RemoteLimits.Far, .. settings];
        if (local.Contains("caching", StringComparison.Ordinal))
        {
            settings = [.. settings, ("S3_OVERLAY_CACHE_ENABLED", "true")];
        }

        if (!local.StartsWith("embedded", StringComparison.Ordinal))
        {
            _open.Add(_store = await StoreServer.StartAsync(_clock));
        }

        _open.Add(_proxy = await OverlayHost.StartAsync(_store?.Endpoint, _remote.Endpoint, _clock, settings));
    }

    private protected async Task<ScriptedOutcome> ScriptAsync(ScriptedRequest request, HttpContext context)
    {
        var isTags = request.RawQuery.StartsWith("tagging", StringComparison.Ordinal);
        var stage = isTags ? "tags" : request.Method == "HEAD" && request.Key == "key" ? "head" : IsBody(request) ? "first byte" : "";
        if (stage == "first byte" && _stage == "amid" && Interlocked.Exchange(ref _meanwhile, null) is { } amid)
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = OpenAsync();
            return new ScriptedOutcome { GateAfter = (300_000, gate) };

            async Task OpenAsync()
            {
                try
                {
                    await _remote.UntilAsync(() => request.BytesSent >= 300_000, "The remote was not read.");
                    await amid();
                    gate.SetResult();
                }
                catch (Exception failure)
                {
                    gate.SetException(failure);
                }
            }
        }

        if (stage.Length > 0 && stage == _stage && Interlocked.Exchange(ref _meanwhile, null) is { } meanwhile)
        {
            await meanwhile();
        }

        if (!isTags)
        {
            return ScriptedOutcome.AsUsual;
        }

        if (_tagFailure is { } failed)
        {
            await ScriptedRemote.RespondErrorAsync(context, failed.Status, failed.Code);
        }
        else
        {
            await context.Response.WriteAsync(Document(("old", "a b")));
        }

        return ScriptedOutcome.Answered;
    }

    private protected Task<RawResponse> SendAsync(string method, string target, string? body = null,
        params (string Name, string Value)[] headers) =>
        _clock.RunAsync(_proxy.SendAsync(method, target, body, headers));

    private protected Task<RawResponse> SetTagsAsync(params (string Name, string Value)[] tags) =>
        SendAsync("PUT", "/bucket/key?tagging", Document(tags));

    private protected Task<RawResponse> GetAsync() => SendAsync("GET", "/bucket/key");

    protected async Task<string> LayerAsync() => (await SendAsync("HEAD", "/bucket/key")).Headers["x-s3overlay-layer"];

    protected async Task<string> TagsAsync()
    {
        var response = await SendAsync("GET", "/bucket/key?tagging");
        Assert.Equal(200, response.Status);
        return string.Join('&', System.Xml.Linq.XElement.Parse(Encoding.UTF8.GetString(response.Body)).Descendants()
            .Where(static element => element.Name.LocalName == "Tag")
            .Select(static tag => string.Join('=', tag.Elements().Select(static part => part.Value))));
    }
}
