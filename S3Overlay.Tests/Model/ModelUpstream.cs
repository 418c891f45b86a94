using System.Globalization;
using System.Text;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>
/// The remote, for clients that may write to it: an address of its own over the same objects. It honours conditions, and checks of each
/// write that it replaces nothing that it must not.
/// </summary>
internal sealed class ModelUpstream : IAsyncDisposable
{
    /// <summary>Objects that promote tries conditions with: nothing else may see them.</summary>
    private const string Probe = ".s3overlay-promote-";

    private readonly ModelScene _scene;
    private readonly Dictionary<string, ObjectVersion> _probes = [];
    private readonly Dictionary<string, (string Key, string Meta, SortedDictionary<int, byte[]> Parts)> _uploads = [];
    private readonly HashSet<(ModelBucket Bucket, string Key, string? ETag, string? Meta)> _arrived = [];
    private LoopbackServer _server = null!;
    private Func<Task> _between = static () => Task.CompletedTask;
    private int _at = -1;
    private bool _isAfter;
    private bool _mayReplace;
    private Exception? _problem;

    private ModelUpstream(ModelScene scene) => _scene = scene;

    /// <summary>Its address.</summary>
    public Uri Endpoint => _server.Endpoint;

    public static async Task<ModelUpstream> StartAsync(ModelScene scene)
    {
        var upstream = new ModelUpstream(scene);
        upstream._server = await LoopbackServer.StartAsync(upstream.HandleAsync);
        return upstream;
    }

    /// <summary>A command begins to send.</summary>
    /// <param name="mayReplace">Whether it may replace objects that no client of the proxy has seen.</param>
    /// <param name="at">The request at which something happens, from 0.</param>
    /// <param name="isAfter">Whether it happens once that has taken effect.</param>
    /// <param name="between">What happens. If it throws, the connection is cut.</param>
    public void Begin(bool mayReplace, int at, bool isAfter, Func<Task> between) =>
        (_mayReplace, _at, _isAfter, _between) = (mayReplace, at, isAfter, between);

    /// <summary>The command has ended.</summary>
    /// <exception cref="Mismatch">One of its requests was wrong.</exception>
    public void End()
    {
        _at = -1;
        Check();
    }

    /// <summary>Checks that its requests were right so far.</summary>
    /// <exception cref="Mismatch">One was wrong.</exception>
    public void Check()
    {
        if (Interlocked.Exchange(ref _problem, null) is { } problem)
        {
            throw problem is Mismatch ? problem : new Mismatch(problem.ToString());
        }
    }

    /// <summary>Whether a write (or null for a delete) of a key arrived at some time, or is what the remote has.</summary>
    public bool Has(ModelBucket bucket, string key, ObjectVersion? version)
    {
        var now = bucket.Remote.GetValueOrDefault(key);
        return _arrived.Contains((bucket, key, version?.ETag, version?.Meta))
            || (version is null ? now is null : now?.ETag == version.ETag && now.Meta == version.Meta);
    }

    /// <summary>Whether a change that is gone may be here.</summary>
    public bool Explains(ModelDoubt doubt) => doubt.Effect == ModelEffect.Promoted && Has(doubt.Bucket, doubt.Key, doubt.Version);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        try
        {
            var number = _at < 0 ? -1 : _at--;
            await (number == 0 && !_isAfter ? _between() : Task.CompletedTask);
            var respond = Handle(context, body.ToArray());
            await (number == 0 && _isAfter ? _between() : Task.CompletedTask);
            await respond();
        }
        catch (IOException)
        {
            context.Abort();
        }
        catch (S3Exception refused)
        {
            await ScriptedRemote.RespondErrorAsync(context, refused.Error.Status, refused.Error.Code);
        }
        catch (Exception failure)
        {
            _problem ??= failure;
            context.Abort();
        }
    }

    /// <summary>Does what a request asks for, and returns what responds.</summary>
    private Func<Task> Handle(HttpContext context, byte[] body)
    {
        var target = RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, "", "");
        var (method, query, headers) = (context.Request.Method, S3Query.Parse(target.RawQuery), context.Request.Headers);
        var meta = headers[ObjectVersion.MetaHeader].ToString();
        switch (method, query["uploadId"])
        {
            case ("HEAD", _):
                return () => RespondHeadAsync(context, Find(target));
            case ("PUT", null):
                return Change(context, target, ObjectVersion.Of(body) with { Meta = meta }, headers["x-amz-tagging"].ToString());
            case ("DELETE", null):
                return Change(context, target, null, "");
            case ("POST", null):
                var created = string.Create(CultureInfo.InvariantCulture, $"u{_uploads.Count}");
                _uploads.Add(created, (target.Key, meta, []));
                return () => context.Response.WriteAsync($"<R><UploadId>{created}</UploadId></R>");
            case (_, { } id) when !_uploads.ContainsKey(id):
                return () => ScriptedRemote.RespondErrorAsync(context, 404, "NoSuchUpload");
            case ("PUT", { } id):
                _uploads[id].Parts[int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture)] = body;
                context.Response.Headers.ETag = ObjectVersion.Of(body).ETag;
                return static () => Task.CompletedTask;
            case ("GET", { } id):
                var rows = _uploads[id].Parts.Select(part => string.Create(CultureInfo.InvariantCulture,
                    $"<Part><PartNumber>{part.Key}</PartNumber><ETag>{ObjectVersion.Of(part.Value).ETag}</ETag>"
                    + $"<Size>{part.Value.Length}</Size></Part>"));
                return () => context.Response.WriteAsync($"<R>{string.Concat(rows)}</R>");
            case ("DELETE", { } id):
                _uploads.Remove(id);
                context.Response.StatusCode = 204;
                return static () => Task.CompletedTask;
            default:
                return Complete(context, target, query["uploadId"]!, body);
        }
    }

    private Func<Task> Complete(HttpContext context, RequestTarget target, string id, byte[] body)
    {
        var chosen = XElement.Parse(Encoding.UTF8.GetString(body)).Descendants().Where(static each => each.Name.LocalName == "PartNumber")
            .Select(static each => int.Parse(each.Value, CultureInfo.InvariantCulture)).ToList();
        var upload = _uploads[id];
        var version = ObjectVersion.OfParts(chosen.ToDictionary(static number => number, number => upload.Parts[number]))
            with { Meta = upload.Meta };
        var respond = Change(context, target, version, "");
        if (context.Response.StatusCode != 200)
        {
            return respond;
        }

        _uploads.Remove(id);
        return () => context.Response.WriteAsync($"<R><ETag>{version.ETag}</ETag></R>");
    }

    /// <summary>Writes or deletes an object, if the conditions hold.</summary>
    private Func<Task> Change(HttpContext context, RequestTarget target, ObjectVersion? version, string tags)
    {
        var (now, match, none) = (Find(target), context.Request.Headers.IfMatch.ToString(), context.Request.Headers.IfNoneMatch.ToString());
        if ((match.Length > 0 && (now is null || !ETags.ListHas(match, now.ETag))) || (none.Length > 0 && now is not null))
        {
            context.Response.StatusCode = now is null ? 404 : 412;
            return () => ScriptedRemote.RespondErrorAsync(
                context, context.Response.StatusCode, now is null ? "NoSuchKey" : "PreconditionFailed");
        }

        if (target.Key.Contains(Probe, StringComparison.Ordinal))
        {
            Set(_probes, target.Key, version);
        }
        else
        {
            var (bucket, key) = Place(target);
            Expect.That(match.Length + none.Length > 0, $"{key} was changed at the remote without a condition.");
            Expect.That(_mayReplace || !bucket.IsUnseen(key), $"{now} of {key} was replaced at the remote, and no client has seen it.");
            Expect.That(version is null || IsWhole(bucket, key, version, tags), $"{version} of {key} was sent, with the tags \"{tags}\".");
            _arrived.Add((bucket, key, version?.ETag, version?.Meta));
            if (version is null)
            {
                _scene.RemoveRemote(bucket, key);
            }
            else
            {
                _scene.PutRemote(bucket, key, version);
            }
        }

        context.Response.StatusCode = version is null ? 204 : 200;
        context.Response.Headers.ETag = version?.ETag;
        return static () => Task.CompletedTask;
    }

    /// <summary>Whether it is what was written here, if that is still the same version. Parts may be numbered anew.</summary>
    private static bool IsWhole(ModelBucket bucket, string key, ObjectVersion version, string tags) =>
        !bucket.Written.TryGetValue(key, out var written) || written.ETag != version.ETag
            || (written.Meta == version.Meta && written.Tags == tags && written.Bytes.AsSpan().SequenceEqual(version.Bytes)
                && written.Parts.Select(Place).SequenceEqual(version.Parts.Select(Place)));

    private static (int First, int Length) Place((int Number, int First, int Length) part) => (part.First, part.Length);

    private ObjectVersion? Find(RequestTarget target)
    {
        if (target.Key.Contains(Probe, StringComparison.Ordinal))
        {
            return _probes.GetValueOrDefault(target.Key);
        }

        var (bucket, key) = Place(target);
        return bucket.Remote.GetValueOrDefault(key);
    }

    private (ModelBucket Bucket, string Key) Place(RequestTarget target)
    {
        var bucket = _scene.Buckets.First(bucket => bucket.RemoteName == target.Bucket);
        return (bucket, target.Key[bucket.RemoteKey("").Length..]);
    }

    private static Task RespondHeadAsync(HttpContext context, ObjectVersion? version)
    {
        context.Response.StatusCode = version is null ? 404 : 200;
        context.Response.Headers.ETag = version?.ETag;
        context.Response.ContentLength = version?.Bytes.Length;
        return Task.CompletedTask;
    }

    private static void Set(Dictionary<string, ObjectVersion> objects, string key, ObjectVersion? version)
    {
        if (version is null)
        {
            objects.Remove(key);
        }
        else
        {
            objects[key] = version;
        }
    }
}
