using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Sends requests to the proxies of a scene, and knows what their failures mean.</summary>
internal static class SceneRequests
{
    /// <summary>Sends a request to a bucket or key, and waits until nothing of it is under way any more.</summary>
    public static async Task<RawResponse> SendAsync(this ModelScene scene, string method, ModelBucket bucket, string? key,
        string query = "", byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var target = $"/{bucket.Name}{(key is null ? "" : "/" + UriEncoding.EncodeKey(key))}{(query.Length == 0 ? "" : "?" + query)}";
        var response = await scene.Proxies.SendAsync(method, target, body, headers);
        var late = scene.StoreTrouble.Happened || scene.DiskTrouble.Happened ? LateErrors.StatusOf(response) : null;
        response = late is { } status ? response with { Status = status } : response;
        scene.StoreTrouble.Judge(response, isLate: late is not null);
        response = response with { Status = Judge(scene, response.Status) };
        Expect.That(response.Status != 503 || scene.StoreTrouble.Happened || response.Headers.ContainsKey("Retry-After"),
            $"{method} {target}: 503, and no word of when to come again.");
        if (response.Status is 0 or 500)
        {
            throw new Mismatch($"{method} {target}: {(response.Status == 0 ? "the connection was cut" : "500 " + response.Text)}");
        }

        return response;
    }

    /// <summary>Sends a request of an administrator, and waits until nothing of it is under way any more.</summary>
    public static Task<RawResponse> AdministerAsync(this ModelScene scene, string method, string target) =>
        scene.Proxies.SendAsync(method, target);

    /// <summary>Waits for a command that uses the current proxy, and until nothing of it is under way any more.</summary>
    /// <exception cref="ProcessKilledException">The proxy was killed before it ended.</exception>
    public static Task<T> CommandAsync<T>(this ModelScene scene, Func<CancellationToken, Task<T>> run) => scene.Proxies.CommandAsync(run);

    /// <returns>The last that it says.</returns>
    public static async Task<JsonElement> CallAsync(
        this ModelScene scene, string method, string call, params (string Name, string Value)[] parameters)
    {
        var query = string.Join('&', parameters.Select(parameter => $"{parameter.Name}={UriEncoding.EncodeComponent(parameter.Value)}"));
        var response = await scene.Proxies.SendAsync(method, $"/-/v1/{call}?{query}");
        scene.StoreTrouble.Judge(response);
        var told = JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;
        scene.StoreTrouble.Judge(told);
        var error = told.TryGetProperty("error", out var late) ? late : told;
        scene.WasRefused |= scene.DiskTrouble.Happened && error.TryGetProperty("code", out var code)
            && code.GetString() == scene.DiskTrouble.Told;
        return told;
    }

    /// <summary>Whether a call was refused because no layer has what it is about.</summary>
    /// <exception cref="Mismatch">A layer has it.</exception>
    public static bool IsMissing(JsonElement told, ModelBucket bucket, string? key)
    {
        // After progress lines the error is part of the last one.
        var error = told.TryGetProperty("error", out var late) ? late : told;
        if (!error.TryGetProperty("code", out var code) || code.GetString() is not ("NoSuchKey" or "NoSuchBucket"))
        {
            return false;
        }

        Expect.That(code.GetString() == "NoSuchBucket" ? !bucket.Exists
            : key is not null && !bucket.Written.ContainsKey(key) && !bucket.Tombstones.Contains(key)
                && (bucket.IsOpaque || !bucket.Remote.ContainsKey(key)), $"A layer has it: {told}");
        return true;
    }

    /// <summary>The meaning of a status: a failed disk is an internal error of the proxy, and means the same as a full disk.</summary>
    private static int Judge(ModelScene scene, int status)
    {
        if (!scene.DiskTrouble.Happened || status is not (500 or 503 or 507))
        {
            return status;
        }

        Expect.That(status != 503 || scene.Trouble.IsDown || scene.Freshness.Cache == ModelCache.Frozen,
            "503, and it is the disk that fails.");
        Expect.That(status != 507 || scene.DiskTrouble.Told == "InsufficientStorage", "507, and the disk has room.");
        var isRefused = status == 507 || (status == 500 && scene.DiskTrouble.Told == "InternalError");
        scene.WasRefused |= isRefused;
        return isRefused ? 507 : status;
    }
}
