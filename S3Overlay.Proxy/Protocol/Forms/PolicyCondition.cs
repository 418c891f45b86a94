namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>What a policy demands of one field.</summary>
/// <param name="Field">The field's name, without a dollar sign.</param>
/// <param name="Value">What it must be, or start with.</param>
/// <param name="IsPrefix">Whether the value is only how it must start.</param>
internal sealed record PolicyCondition(string Field, string Value, bool IsPrefix)
{
    /// <summary>Whether a field's value, empty where it was not sent, is as demanded.</summary>
    public bool Allows(string value)
    {
        if (!IsPrefix)
        {
            return value == Value;
        }

        // A Content-Type with commas is a list of which each has to fit: else "image/png,text/html" would pass for an image.
        return Field.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && value.Contains(',')
            ? value.Split(',').All(type => type.Trim().StartsWith(Value, StringComparison.Ordinal))
            : value.StartsWith(Value, StringComparison.Ordinal);
    }

    /// <summary>As messages show it.</summary>
    public override string ToString() => $"[\"{(IsPrefix ? "starts-with" : "eq")}\", \"${Field}\", \"{Value}\"]";
}
