namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>What keeps one version of an object from being deleted: a retention until a date, a legal hold, or both.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html</remarks>
public sealed record ObjectLock
{
    /// <summary>The longest <see cref="ToText"/>.</summary>
    public const int LongestText = 40;

    private const string None = "-";

    /// <summary>The retention's mode; null without a retention.</summary>
    public RetentionMode? Mode { get; init; }

    /// <summary>The retention's end; null without a retention.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>True if there is a legal hold, false if one was set to OFF; null if it was never set.</summary>
    public bool? LegalHold { get; init; }

    /// <summary>True if a retention has not ended.</summary>
    public bool IsRetainedAt(DateTimeOffset now) => Mode is not null && Until > now;

    /// <summary>True if the version must not be deleted.</summary>
    /// <param name="now">The time.</param>
    /// <param name="bypassesGovernance">True for a caller that may end governance retention.</param>
    public bool Protects(DateTimeOffset now, bool bypassesGovernance) =>
        LegalHold == true || (IsRetainedAt(now) && !(bypassesGovernance && Mode == RetentionMode.Governance));

    /// <summary>This retention, or else another; the legal hold is this one's.</summary>
    public static ObjectLock? Of(ObjectLock? own, ObjectLock? otherwise) => own is null ? otherwise
        : own.Mode is not null || otherwise is null ? own
        : own with { Mode = otherwise.Mode, Until = otherwise.Until };

    /// <summary>The same with another retention; null if nothing is left.</summary>
    public static ObjectLock? WithRetention(ObjectLock? current, Retention? retention) =>
        retention is null && current?.LegalHold is null ? null
            : (current ?? new()) with { Mode = retention?.Mode, Until = retention?.Until };

    /// <summary>The error for a delete that it forbids.</summary>
    public static S3Exception Refusal() => new(S3Errors.AccessDenied, "Access Denied because object protected by object lock.");

    /// <summary>As one line, for the store.</summary>
    public string ToText() => string.Join(' ',
        Mode is { } mode ? RetentionModes.Name(mode) : None,
        Until is { } until ? HttpDates.Xml(until) : None,
        LegalHold is { } hold ? LegalHolds.Name(hold) : None);

    /// <summary>What <see cref="ToText"/> wrote; null for null.</summary>
    /// <exception cref="InvalidDataException">It did not write this.</exception>
    public static ObjectLock? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var fields = text.Split(' ');
        RetentionMode mode = default;
        DateTimeOffset until = default;
        var hold = false;
        return fields.Length == 3
            && (fields[0] == None || RetentionModes.TryParse(fields[0], out mode))
            && (fields[1] == None || HttpDates.TryParseXml(fields[1], out until))
            && (fields[2] == None || LegalHolds.TryParse(fields[2], out hold))
                ? new ObjectLock
                {
                    Mode = fields[0] == None ? null : mode,
                    Until = fields[1] == None ? null : until,
                    LegalHold = fields[2] == None ? null : hold,
                }
                : throw new InvalidDataException("A version's lock cannot be read.");
    }
}

/// <summary>How long, and how firmly, a version is kept.</summary>
/// <param name="Mode">Who may end it.</param>
/// <param name="Until">Its end.</param>
public sealed record Retention(RetentionMode Mode, DateTimeOffset Until);

/// <summary>Who may end a retention before its date.</summary>
public enum RetentionMode
{
    /// <summary>Callers with the right to.</summary>
    Governance,

    /// <summary>No caller.</summary>
    Compliance,
}

/// <summary>The modes' names in S3.</summary>
public static class RetentionModes
{
    /// <summary>A mode's name.</summary>
    public static string Name(RetentionMode mode) => mode == RetentionMode.Governance ? "GOVERNANCE" : "COMPLIANCE";

    /// <summary>The mode of a name, in capital letters as S3 demands.</summary>
    public static bool TryParse(string? name, out RetentionMode mode)
    {
        mode = name == "COMPLIANCE" ? RetentionMode.Compliance : RetentionMode.Governance;
        return name is "COMPLIANCE" or "GOVERNANCE";
    }
}

/// <summary>The states of a legal hold.</summary>
public static class LegalHolds
{
    /// <summary>A state's name.</summary>
    public static string Name(bool isOn) => isOn ? "ON" : "OFF";

    /// <summary>The state of a name.</summary>
    public static bool TryParse(string? name, out bool isOn)
    {
        isOn = name == "ON";
        return name is "ON" or "OFF";
    }
}
