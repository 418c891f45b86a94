using System.Runtime.CompilerServices;

namespace S3Overlay.Proxy.Protocol;

/// <summary>The S3 errors that this server returns.</summary>
/// <remarks>Codes, statuses and messages: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
public static class S3Errors
{
#pragma warning disable CS1591 // each field is named after its code
    public static readonly S3Error AccessDenied = Error(403, "Access Denied");
    public static readonly S3Error AuthorizationHeaderMalformed = Error(400, "The authorization header that you provided is not valid.");
    public static readonly S3Error AuthorizationQueryParametersError =
        Error(400, "The authorization query parameters that you provided are not valid.");
    public static readonly S3Error AccessForbidden = Error(403, "CORSResponse: This CORS request is not allowed.");
    public static readonly S3Error BadDigest =
        Error(400, "The Content-MD5 or checksum value that you specified did not match what the server received.");
    public static readonly S3Error BucketAlreadyExists = Error(409, "The requested bucket name is not available.");
    public static readonly S3Error BucketAlreadyOwnedByYou =
        Error(409, "The bucket that you tried to create already exists, and you own it.");
    public static readonly S3Error BucketNotEmpty = Error(409, "The bucket that you tried to delete is not empty.");
    public static readonly S3Error ConditionalRequestConflict =
        Error(409, "A conflicting conditional operation is currently in progress against this resource. Please try again.");
    public static readonly S3Error BadRequest = Error(400, "Bad Request");
    public static readonly S3Error EntityTooLarge = Error(400, "Your proposed upload exceeds the maximum allowed object size.");
    public static readonly S3Error EntityTooSmall = Error(400, "Your proposed upload is smaller than the minimum allowed object size.");
    public static readonly S3Error ExpiredToken = Error(400, "The provided token has expired.");
    public static readonly S3Error GatewayTimeout =
        Error(504, "The object is not cached, and the request accepts only cached objects (only-if-cached).");
    public static readonly S3Error IllegalVersioningConfiguration =
        Error(400, "The Versioning element must be specified", "IllegalVersioningConfigurationException");
    public static readonly S3Error IncompleteBody =
        Error(400, "You did not provide the number of bytes specified by the Content-Length HTTP header.");
    public static readonly S3Error InsufficientStorage = Error(507, "There is not enough room to store the object.");
    public static readonly S3Error InternalError = Error(500, "An internal error occurred. Try again.");
    public static readonly S3Error InvalidAccessKeyId =
        Error(403, "The AWS access key ID that you provided does not exist in our records.");
    public static readonly S3Error InvalidArgument = Error(400, "Invalid Argument");
    public static readonly S3Error InvalidBucketName = Error(400, "The specified bucket is not valid.");
    public static readonly S3Error InvalidBucketOwner =
        Error(400, "The value of the expected bucket owner parameter must be an AWS account ID.", "InvalidBucketOwnerAWSAccountID");
    public static readonly S3Error InvalidBucketState = Error(409, "The request is not valid for the current state of the bucket.");
    public static readonly S3Error InvalidDigest = Error(400, "The Content-MD5 or checksum value that you specified is not valid.");
    public static readonly S3Error InvalidEncryptionAlgorithm =
        Error(400, "The encryption request that you specified is not valid. The valid value is AES256.", "InvalidEncryptionAlgorithmError");
    public static readonly S3Error InvalidLocationConstraint = Error(400, "The specified location (Region) constraint is not valid.");
    public static readonly S3Error InvalidObjectState = Error(403, "Restore is not allowed for the object's current storage class.");
    public static readonly S3Error InvalidPart =
        Error(400, "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified"
            + " entity tag might not have matched the part's entity tag.");
    public static readonly S3Error InvalidPartOrder =
        Error(400, "The list of parts was not in ascending order. Parts must be ordered by part number.");
    public static readonly S3Error InvalidPartNumber = Error(416, "The requested partnumber is not satisfiable.");
    public static readonly S3Error InvalidPolicyDocument =
        Error(400, "The content of the form does not meet the conditions specified in the policy document.");
    public static readonly S3Error InvalidRange = Error(416, "The requested range is not satisfiable.");
    public static readonly S3Error InvalidRequest = Error(400, "Invalid Request");
    public static readonly S3Error InvalidRetentionPeriod = Error(400, "The retention period specified is not valid.");
    public static readonly S3Error InvalidStorageClass = Error(400, "The storage class that you specified is not valid.");
    public static readonly S3Error InvalidToken = Error(400, "The provided token is malformed or otherwise not valid.");
    public static readonly S3Error InvalidUri = Error(400, "The specified URI couldn't be parsed.", "InvalidURI");
    public static readonly S3Error KeyTooLong = Error(400, "Your key is too long.", "KeyTooLongError");
    public static readonly S3Error KmsNotFound = Error(400, "The KMS key does not exist.", "KMS.NotFoundException");
    public static readonly S3Error MalformedPostRequest =
        Error(400, "The body of your POST request is not well-formed multipart/form-data.", "MalformedPOSTRequest");
    public static readonly S3Error MalformedTrailer =
        Error(400, "The request contained trailing data that was not well-formed or did not conform to our published schema.",
            "MalformedTrailerError");
    public static readonly S3Error MalformedXml =
        Error(400, "The XML that you provided was not well formed or did not validate against our published schema.", "MalformedXML");
    public static readonly S3Error MaxPostPreDataLengthExceeded =
        Error(400, "Your POST request fields preceding the upload file were too large.", "MaxPostPreDataLengthExceededError");
    public static readonly S3Error MetadataTooLarge = Error(400, "Your metadata headers exceed the maximum allowed metadata size.");
    public static readonly S3Error MethodNotAllowed = Error(405, "The specified method is not allowed against this resource.");
    public static readonly S3Error MissingContentLength = Error(411, "You must provide the Content-Length HTTP header.");
    public static readonly S3Error MissingRequestBody = Error(400, "Request body is empty.", "MissingRequestBodyError");
    public static readonly S3Error NoSuchBucket = Error(404, "The specified bucket does not exist");
    public static readonly S3Error NoSuchKey = Error(404, "The specified key does not exist.");
    public static readonly S3Error NoSuchObjectLockConfiguration =
        Error(404, "The specified object does not have a ObjectLock configuration");
    public static readonly S3Error NoSuchUpload =
        Error(404, "The specified multipart upload does not exist. The upload ID might not be valid, or the multipart upload might"
            + " have been aborted or completed.");
    public static readonly S3Error NoSuchVersion = Error(404, "The specified version does not exist.");
    public static readonly S3Error NotImplemented =
        Error(501, "A header or query that you provided implies functionality that is not implemented.");
    public static readonly S3Error OperationAborted =
        Error(409, "A conflicting conditional operation is currently in progress against this resource. Please try again.");
    public static readonly S3Error PreconditionFailed = Error(412, "At least one of the preconditions that you specified did not hold.");
    public static readonly S3Error RemoteChanged =
        Error(503, "The object has changed at the remote. The cached bytes of its previous version are kept, but do not include what"
            + " you asked for.");
    public static readonly S3Error RequestHeaderSectionTooLarge =
        Error(400, "Your request header section exceeds the maximum allowed request header size.");
    public static readonly S3Error RequestTimeout =
        Error(400, "Your socket connection to the server was not read from or written to within the timeout period.");
    public static readonly S3Error RequestTimeTooSkewed =
        Error(403, "The difference between the request time and the server's time is too large.");
    public static readonly S3Error ServiceUnavailable = Error(503, "Service is unable to handle request.");
    public static readonly S3Error SignatureDoesNotMatch =
        Error(403, "The request signature that the server calculated does not match the signature that you provided. Check your"
            + " secret access key and signing method.");
    public static readonly S3Error SlowDown = Error(503, "Please reduce your request rate.");
    public static readonly S3Error XAmzContentSha256Mismatch =
        Error(400, "The provided 'x-amz-content-sha256' header does not match what was computed.", "XAmzContentSHA256Mismatch");
#pragma warning restore CS1591

    /// <summary>An error whose code is the field's name, unless another is given.</summary>
    private static S3Error Error(int status, string message, [CallerMemberName] string code = "") => new(code, status, message);
}

/// <summary>An error of the S3 protocol.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html</remarks>
/// <param name="Code">The code in the XML (<c>NoSuchKey</c>), which SDKs check.</param>
/// <param name="Message">The text for people.</param>
public sealed record S3Error(string Code, int Status, string Message);
