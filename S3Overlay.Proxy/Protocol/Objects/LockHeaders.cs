namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The headers of an object's lock: with a write they ask for it, in responses they show it.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, "x-amz-object-lock-mode" and the following.</remarks>
public static class LockHeaders
{
    /// <summary>The header that asks to end governance retention.</summary>
    public const string Bypass = "x-amz-bypass-governance-retention";

    private const string Mode = "x-amz-object-lock-mode";
    private const string Until = "x-amz-object-lock-retain-until-date";
    private const string Hold = "x-amz-object-lock-legal-hold";

    /// <summary>True for a header that <see cref="Of"/> reads.</summary>
    public static bool IsRead(string name) => name.Equals(Mode, StringComparison.OrdinalIgnoreCase)
        || name.Equals(Until, StringComparison.OrdinalIgnoreCase) || name.Equals(Hold, StringComparison.OrdinalIgnoreCase);

    /// <summary>The lock that a write asks for; null for none.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static ObjectLock? Of(S3Request request, DateTimeOffset now)
    {
        var (mode, until, hold) = (request.Header(Mode), request.Header(Until), request.Header(Hold));
        if (mode is null && until is null && hold is null)
        {
            return null;
        }

        var isOn = false;
        if (hold is not null && !LegalHolds.TryParse(hold, out isOn))
        {
            throw S3Exception.Argument("Legal Hold must be either of 'ON' or 'OFF'", Hold, hold);
        }

        var retention = mode is null && until is null ? null : RetentionOf(mode, until, now);
        return new ObjectLock { Mode = retention?.Mode, Until = retention?.Until, LegalHold = hold is null ? null : isOn };
    }

    /// <summary>Throws if a retention ends before it begins.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void RequireFuture(DateTimeOffset until, DateTimeOffset now)
    {
        if (until <= now)
        {
            throw S3Exception.Argument("The retain until date must be in the future!", Until, HttpDates.Xml(until));
        }
    }

    /// <summary>Shows a version's lock.</summary>
    public static void Show(ObjectLock shown, S3Response response)
    {
        if (shown is { Mode: { } mode, Until: { } until })
        {
            response.Headers[Mode] = RetentionModes.Name(mode);
            response.Headers[Until] = HttpDates.Xml(until);
        }

        if (shown.LegalHold is { } isOn)
        {
            response.Headers[Hold] = LegalHolds.Name(isOn);
        }
    }

    private static Retention RetentionOf(string? mode, string? until, DateTimeOffset now)
    {
        if (mode is null || until is null)
        {
            var missing = mode is null ? Mode : Until;
            throw S3Exception.Argument($"{Until} and {Mode} must both be supplied", missing);
        }

        if (!RetentionModes.TryParse(mode, out var known))
        {
            throw S3Exception.Argument("Unknown wormMode directive.", Mode, mode);
        }

        if (!HttpDates.TryParseXml(until, out var date))
        {
            throw S3Exception.Argument("The retain until date must be provided in ISO 8601 format", Until, until);
        }

        RequireFuture(date, now);
        return new(known, date);
    }
}
