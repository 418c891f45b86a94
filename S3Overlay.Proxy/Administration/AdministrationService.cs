using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// The administration calls at <c>/-/v1/</c> (rule A5). The front door has authenticated the caller and knows that its key may administer.
/// Responses and errors are JSON; docs/administration.md has every field.
/// </summary>
/// <remarks>
/// <code>
///   GET  explain      what clients see of a key or bucket, and why   ExplainCall
///   GET  tombstones   what was deleted here                          TombstonesCall
///   POST evict        cache entries are removed                      EvictCall
///   POST undelete     deletes of keys and buckets are undone         UndeleteCall
///   POST compact      tombstones that hide nothing are removed       CompactCall
/// </code>
/// </remarks>
public sealed class AdministrationService : IS3Service
{
    private const string Version = "v1/";

    private readonly Dictionary<string, IAdministrationCall> _calls;
    private readonly Dictionary<string, IAdministrationCall> _oldNames;
    private readonly ILogger _logger;

    /// <summary>The calls over an overlay.</summary>
    public AdministrationService(IOverlayAdministration overlay, TimeProvider time, ILogger<AdministrationService> logger)
    {
        _logger = logger;
        var progress = new ProgressResponses(time);
        _calls = new(StringComparer.Ordinal)
        {
            ["explain"] = new ExplainCall(overlay),
            ["tombstones"] = new TombstonesCall(overlay),
            ["evict"] = new EvictCall(overlay, progress),
            ["undelete"] = new UndeleteCall(overlay, progress),
            ["compact"] = new CompactCall(overlay, progress),
        };
        _oldNames = new(StringComparer.Ordinal) { ["drop"] = _calls["evict"], ["discard"] = _calls["undelete"] };
    }

    /// <inheritdoc/>
    public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var name = request.Key.StartsWith(Version, StringComparison.Ordinal) ? request.Key[Version.Length..] : "";
        if (!_calls.TryGetValue(name, out var call) && !_oldNames.TryGetValue(name, out call))
        {
            var known = _calls.Select(static each => $"{each.Value.Method} /-/{Version}{each.Key}");
            throw new S3Exception(NoSuchCall, $"There is no such call. Known are: {string.Join(", ", known)}.");
        }

        if (request.Method != call.Method)
        {
            throw new S3Exception(S3Errors.MethodNotAllowed, $"This call is a {call.Method}.") { Headers = [new("Allow", call.Method)] };
        }

        var parameters = CallParameters.Read(request.Query, call.Parameters);
        await RefuseBodyAsync(request, cancellationToken);
        var what = $"{name} {parameters}";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        Log.Administered(_logger, request.Caller.AccessKey, what, request.RequestId);
        try
        {
            var outcome = await call.RunAsync(parameters, request, response, cancellationToken);
            if (outcome.Failure is { } failure)
            {
                Log.AdministrationFailed(_logger, request.Caller.AccessKey, what, $"{failure.Error.Code}, after {outcome.Result}",
                    request.RequestId, failure.InnerException);
            }
            else
            {
                Log.AdministrationDone(_logger, request.Caller.AccessKey, what, outcome.Result, request.RequestId);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            Log.AdministrationFailed(_logger, request.Caller.AccessKey, what, "its client left", request.RequestId, null);
            throw;
        }
        catch (Exception failure)
        {
            var error = ClientErrors.Of(failure);
            Log.AdministrationFailed(_logger, request.Caller.AccessKey, what, error.Error.Code, request.RequestId, null);
            throw error;
        }
    }

    private static readonly S3Error NoSuchCall = new("NoSuchCall", 404, "There is no such call.");

    /// <summary>Parameters in a body would be ignored, and the call would affect more than intended.</summary>
    private static async Task RefuseBodyAsync(S3Request request, CancellationToken cancellationToken)
    {
        // Read even if it is empty: the end of the body is where its checksum is verified.
        if (await request.Body.ReadAsync(new byte[1], cancellationToken) > 0)
        {
            throw new S3Exception(S3Errors.InvalidArgument, "Administration calls take their parameters in the query, not in a body.");
        }
    }
}
