using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// The administration methods at <c>/-/v1/</c> (rule A5). The front door has authenticated the caller and knows that its key may
/// administer. Responses and errors are JSON; <c>GET openapi.json</c> describes all methods.
/// </summary>
public sealed class AdministrationService : IS3Service
{
    /// <summary>What the keys of requests for methods start with.</summary>
    internal const string Version = "v1/";

    private readonly Dictionary<string, Method> _methods = new(StringComparer.Ordinal);
    private readonly string _known;
    private readonly TargetCheck _targets;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Serves methods.</summary>
    /// <param name="methods">The methods.</param>
    /// <param name="targets">Which buckets and keys there are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Gets each call with its result.</param>
    internal AdministrationService(IReadOnlyList<Method> methods, TargetCheck targets, TimeProvider time, ILogger logger)
    {
        (_targets, _time, _logger) = (targets, time, logger);
        foreach (var method in (IEnumerable<Method>)[.. methods, new OpenApiMethod(methods)])
        {
            _methods.Add(method.Name, method);
            foreach (var oldName in method.OldNames)
            {
                _methods.Add(oldName, method);
            }
        }

        _known = string.Join(", ", methods.Select(static method => $"{method.Verb} /-/{Version}{method.Name}"));
    }

    /// <inheritdoc/>
    public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var name = request.Key.StartsWith(Version, StringComparison.Ordinal) ? request.Key[Version.Length..] : "";
        if (!_methods.TryGetValue(name, out var method))
        {
            throw new S3Exception(NoSuchCall, $"There is no such call. Known are: {_known}.");
        }

        if (request.Method != method.Verb)
        {
            throw new S3Exception(S3Errors.MethodNotAllowed, $"This call is a {method.Verb}.") { Headers = [new("Allow", method.Verb)] };
        }

        var parameters = CallParameters.Read(request.Query, method.Parameters);
        if (parameters.Bucket is { } bucket && _targets.IsInternal(bucket))
        {
            throw new S3Exception(S3Errors.NoSuchBucket, $"{bucket} is the overlay's own bucket.");
        }

        if (method.Body is null)
        {
            await RefuseBodyAsync(request, cancellationToken);
        }

        if (method.IsRepeated(parameters))
        {
            response.MarkPolled();
        }

        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await RunAsync(method, new MethodCall(parameters, request, response, _targets, _time), $"{name} {parameters}", cancellationToken);
    }

    private static readonly S3Error NoSuchCall = new("NoSuchCall", 404, "There is no such call.");

    private async Task RunAsync(Method method, MethodCall call, string what, CancellationToken cancellationToken)
    {
        var (caller, requestId) = (call.Request.Caller.AccessKey, call.Request.RequestId);
        var level = method.IsRepeated(call.Parameters) ? LogLevel.Debug : LogLevel.Information;
        Log.Administered(_logger, level, caller, what, requestId);
        try
        {
            var outcome = await method.RunAsync(call, cancellationToken);
            if (outcome.Failure is { } failure)
            {
                Log.AdministrationFailed(
                    _logger, caller, what, $"{failure.Error.Code}, after {outcome.Result}", requestId, failure.InnerException);
            }
            else
            {
                Log.AdministrationDone(_logger, level, caller, what, outcome.Result, requestId);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            Log.AdministrationFailed(_logger, caller, what, "its client left", requestId, null);
            throw;
        }
        catch (Exception failure)
        {
            var error = await NamedAsync(ClientErrors.Of(failure), call.Parameters, cancellationToken);
            Log.AdministrationFailed(_logger, caller, what, error.Error.Code, requestId, null);
            throw error;
        }
    }

    /// <summary>The error with the names of the call. What is wrong in a bucket that is not there is that it is not there.</summary>
    private async ValueTask<S3Exception> NamedAsync(S3Exception error, CallParameters parameters, CancellationToken cancellationToken)
    {
        if (parameters.Target is not { Bucket: { } bucket } target)
        {
            return error;
        }

        try
        {
            if (error.Error == S3Errors.InvalidRequest || (error.Error.Status == 404 && error.Error != S3Errors.NoSuchBucket))
            {
                await _targets.RequireBucketAsync(bucket, cancellationToken);
            }

            return TargetCheck.Named(error, target);
        }
        catch (S3Exception missing)
        {
            return missing.Error == S3Errors.NoSuchBucket ? missing : error;
        }
    }

    /// <summary>Parameters in a body would be ignored, and the call would affect more than intended.</summary>
    private static async Task RefuseBodyAsync(S3Request request, CancellationToken cancellationToken)
    {
        // Read even if it is empty: the end of the body is where its checksum is verified.
        if (await request.Body.ReadAsync(new byte[1], cancellationToken) > 0)
        {
            throw new S3Exception(S3Errors.InvalidArgument, "This call takes its parameters in the query, not in a body.");
        }
    }
}
