namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>What the signer of a form allows to upload.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html</remarks>
/// <param name="Expiration">The end of its validity.</param>
/// <param name="Conditions">Conditions on the fields.</param>
/// <param name="Smallest">The smallest file allowed, in bytes.</param>
/// <param name="Largest">The largest file allowed, in bytes.</param>
internal sealed record PostPolicy(DateTimeOffset Expiration, IReadOnlyList<PolicyCondition> Conditions, long Smallest, long Largest)
{
    /// <summary>Checks a form against the policy, except for the file's size.</summary>
    /// <param name="fields">The fields, with the file's name inserted.</param>
    /// <param name="bucket">The bucket of the request; a field of that name does not count.</param>
    /// <exception cref="S3Exception">AccessDenied, with the condition that failed.</exception>
    public void Check(PostFields fields, string bucket, DateTimeOffset now)
    {
        if (now >= Expiration)
        {
            throw Denied("Policy expired.");
        }

        foreach (var condition in Conditions)
        {
            if (!condition.Allows(IsBucket(condition.Field) ? bucket : fields[condition.Field] ?? ""))
            {
                throw Denied($"Policy Condition failed: {condition}");
            }
        }

        var extra = fields.All.Select(static field => field.Key).Append("bucket").Where(name => !IsExempt(name) && !IsCovered(name))
            .Distinct().ToList();
        if (extra.Count > 0)
        {
            throw Denied($"Extra input fields: {string.Join(", ", extra)}");
        }
    }

    private static bool IsBucket(string field) => field.Equals("bucket", StringComparison.OrdinalIgnoreCase);

    private bool IsCovered(string field) => Conditions.Any(condition => condition.Field.Equals(field, StringComparison.OrdinalIgnoreCase));

    /// <summary>Fields that need no condition. A checksum grants nothing: it can only reject a damaged file.</summary>
    private static bool IsExempt(string field) =>
        field.ToLowerInvariant() is "policy" or "file" or "signature" or "awsaccesskeyid" or "x-amz-signature"
        || PostFields.IsIgnored(field)
        || field.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase);

    private static S3Exception Denied(string why) => new(S3Errors.AccessDenied, "Invalid according to Policy: " + why);
}

/// <summary>A policy's condition on one field.</summary>
/// <param name="Field">The field's name, without a dollar sign.</param>
/// <param name="Value">The required value or prefix.</param>
/// <param name="IsPrefix">Whether <paramref name="Value"/> is a prefix.</param>
internal sealed record PolicyCondition(string Field, string Value, bool IsPrefix)
{
    /// <summary>Whether a value meets the condition. The value is empty if the field was not sent.</summary>
    public bool Allows(string value)
    {
        if (!IsPrefix)
        {
            return value == Value;
        }

        // A Content-Type with commas is a list, and each entry has to match. Otherwise "image/png,text/html" would pass as an image.
        return Field.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && value.Contains(',')
            ? value.Split(',').All(type => type.Trim().StartsWith(Value, StringComparison.Ordinal))
            : value.StartsWith(Value, StringComparison.Ordinal);
    }

    /// <summary>The form used in error messages.</summary>
    public override string ToString() => $"[\"{(IsPrefix ? "starts-with" : "eq")}\", \"${Field}\", \"{Value}\"]";
}
