using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Errors of slow requests that fail after the response has begun (rule W4).</summary>
internal static partial class LateErrors
{
    /// <summary>The status of a response that failed only in its body. Null otherwise.</summary>
    public static int? StatusOf(RawResponse response) => response.Status != 200 || !Document().IsMatch(response.Text) ? null
        : response.Code switch
    {
        "ServiceUnavailable" or "SlowDown" => 503,
        "InternalError" => 500,
        "InsufficientStorage" => 507,
        "PreconditionFailed" => 412,
        "ConditionalRequestConflict" => 409,
        "NoSuchKey" or "NoSuchBucket" or "NoSuchUpload" => 404,
        "EntityTooSmall" or "InvalidRequest" => 400,
        _ => null,
    };

    [GeneratedRegex(@"^\s*(<\?xml[^>]*>)?\s*<Error>")]
    private static partial Regex Document();
}
