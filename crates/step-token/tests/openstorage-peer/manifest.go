package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8sjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	k8syaml "k8s.io/apimachinery/pkg/util/yaml"
)

type manifestQuestion struct {
	Document string `json:"document"`
}

type manifestAnswer struct {
	Objects []manifestObject `json:"objects"`
	Error   string           `json:"error,omitempty"`
}

type manifestObject struct {
	Kind        string            `json:"kind"`
	APIVersion  string            `json:"apiVersion"`
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Type        string            `json:"type"`
	Annotations map[string]string `json:"annotations"`
	Data        map[string][]byte `json:"data"`
	Provisioner string            `json:"provisioner"`
	Parameters  map[string]string `json:"parameters"`
}

var (
	jsonReader = strictReader(false)
	yamlReader = strictReader(true)
)

// strictReader refuses unknown and repeated members, as kubectl does with
// --validate=strict.
func strictReader(isYAML bool) *k8sjson.Serializer {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, storagev1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return k8sjson.NewSerializerWithOptions(k8sjson.DefaultMetaFactory, scheme, scheme,
		k8sjson.SerializerOptions{Yaml: isYAML, Strict: true})
}

// manifest reads a document much as kubectl reads a file: a stream of JSON
// values if it begins with a brace, else YAML documents, of which the ones that
// hold nothing are passed over. A stream that mixes the two is refused.
func manifest(q manifestQuestion) manifestAnswer {
	answer := manifestAnswer{Objects: []manifestObject{}}
	stream, _, isJSON := k8syaml.GuessJSONStream(strings.NewReader(q.Document), 4096)
	next, reader := yamlDocuments(stream), yamlReader
	if isJSON {
		next, reader = jsonDocuments(stream), jsonReader
	}
	for {
		text, err := next()
		if errors.Is(err, io.EOF) {
			return answer
		}
		if err == nil {
			answer.Objects, err = decoded(reader, text, answer.Objects)
		}
		if err != nil {
			return manifestAnswer{Objects: []manifestObject{}, Error: err.Error()}
		}
	}
}

func jsonDocuments(stream io.Reader) func() ([]byte, error) {
	decoder := json.NewDecoder(stream)
	return func() (text []byte, err error) {
		var raw json.RawMessage
		err = decoder.Decode(&raw)
		return raw, err
	}
}

func yamlDocuments(stream io.Reader) func() ([]byte, error) {
	documents := k8syaml.NewYAMLReader(bufio.NewReader(stream))
	return func() ([]byte, error) {
		for {
			text, err := documents.Read()
			if err != nil {
				return nil, err
			}
			value, err := k8syaml.ToJSON(text)
			if err != nil {
				return nil, err
			}
			if value = bytes.TrimSpace(value); len(value) != 0 && string(value) != "null" {
				return text, nil
			}
		}
	}
}

// decoded appends the object of a text, or the ones of a list.
func decoded(reader *k8sjson.Serializer, text []byte, objects []manifestObject) ([]manifestObject, error) {
	object, kind, err := reader.Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	found := manifestObject{Kind: kind.Kind, APIVersion: kind.GroupVersion().String()}
	var problems field.ErrorList
	switch object := object.(type) {
	case *corev1.List:
		for _, inner := range object.Items {
			if objects, err = decoded(jsonReader, inner.Raw, objects); err != nil {
				return nil, err
			}
		}
		return objects, nil
	case *corev1.Secret:
		found.metadata(object.ObjectMeta)
		found.Type = string(object.Type)
		found.Data = map[string][]byte{}
		for key, value := range object.Data {
			found.Data[key] = value
		}
		for key, value := range object.StringData { // as the server stores it
			found.Data[key] = []byte(value)
		}
		problems = secretProblems(object.ObjectMeta, found.Data)
	case *storagev1.StorageClass:
		found.metadata(object.ObjectMeta)
		found.Provisioner = object.Provisioner
		found.Parameters = object.Parameters
		problems = storageClassProblems(object)
	default:
		return nil, fmt.Errorf("%s is neither a Secret nor a StorageClass", kind)
	}
	if err := problems.ToAggregate(); err != nil {
		return nil, err
	}
	return append(objects, found), nil
}

func (o *manifestObject) metadata(meta metav1.ObjectMeta) {
	o.Name, o.Namespace, o.Annotations = meta.Name, meta.Namespace, meta.Annotations
}

// secretProblems are those that the server's ValidateSecret would find in a
// secret of no special type. That is not in k8s.io/apimachinery, its parts are.
func secretProblems(meta metav1.ObjectMeta, data map[string][]byte) field.ErrorList {
	if meta.Namespace == "" {
		meta.Namespace = metav1.NamespaceDefault // as kubectl fills it in
	}
	problems := apivalidation.ValidateObjectMeta(&meta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	size := 0
	for key, value := range data {
		for _, message := range validation.IsConfigMapKey(key) {
			problems = append(problems, field.Invalid(field.NewPath("data").Key(key), key, message))
		}
		size += len(value)
	}
	if size > corev1.MaxSecretSize {
		problems = append(problems, field.TooLong(field.NewPath("data"), "", corev1.MaxSecretSize))
	}
	return problems
}

// storageClassProblems are those that the server would find in the parts of a
// storage class that a test looks at.
func storageClassProblems(class *storagev1.StorageClass) field.ErrorList {
	problems := apivalidation.ValidateObjectMeta(&class.ObjectMeta, false, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	if class.Provisioner == "" {
		problems = append(problems, field.Required(field.NewPath("provisioner"), class.Provisioner))
	} else {
		for _, message := range validation.IsQualifiedName(strings.ToLower(class.Provisioner)) {
			problems = append(problems, field.Invalid(field.NewPath("provisioner"), class.Provisioner, message))
		}
	}
	for key := range class.Parameters {
		if key == "" {
			problems = append(problems, field.Invalid(field.NewPath("parameters"), key, "field can not be empty"))
		}
	}
	return problems
}

type nameQuestion struct {
	Name string `json:"name"`
	What string `json:"what"`
}

type nameAnswer struct {
	Valid bool   `json:"valid"`
	Error string `json:"error,omitempty"`
}

func name(q nameQuestion) nameAnswer {
	check := map[string]func(string) []string{
		"secret":    validation.IsDNS1123Subdomain,
		"namespace": validation.IsDNS1123Label,
		"key":       validation.IsConfigMapKey,
	}[q.What]
	if check == nil {
		return nameAnswer{Error: fmt.Sprintf("what %q is none of secret, namespace, key", q.What)}
	}
	problems := check(q.Name)
	return nameAnswer{Valid: len(problems) == 0, Error: strings.Join(problems, "; ")}
}
